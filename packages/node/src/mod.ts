export { dial, type Dialled } from "./dial.ts";
export { tcp } from "./tcp.ts";
