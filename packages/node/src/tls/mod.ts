// What `dial` loads where there is to be TLS.
export { secure } from "./secure.ts";
export { readTlsOptions } from "./tls-options.ts";
