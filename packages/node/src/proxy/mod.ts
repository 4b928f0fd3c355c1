// What `dial` loads where there is to be a proxy.
export { openThroughProxy } from "./open-through-proxy.ts";
export { resolveProxy } from "./resolve-proxy.ts";
