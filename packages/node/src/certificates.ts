// `@rivulet/node/certificates`: what certificates and keys say of themselves.
export { readPublicKey } from "./keys/public-key.ts";
export { certificateInfo } from "./tls/certificate-info.ts";
