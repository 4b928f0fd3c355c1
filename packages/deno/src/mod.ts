export { createTcp, tcp } from "./tcp.ts";
