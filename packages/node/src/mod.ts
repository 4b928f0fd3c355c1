export { dial, type Dialled } from "./dial.ts";
export { certificateInfo } from "./tls/certificate-info.ts";
export { tcp } from "./tcp.ts";
