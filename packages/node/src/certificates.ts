// `@rivulet/node/certificates`: what certificates and keys say of themselves.
export {
  openCertificateStore,
  readCertificate,
  type OpenStoreOptions,
  type StoreEntry,
  type StoreFormat,
} from "./keys/certificate-store.ts";
export { readPublicKey } from "./keys/public-key.ts";
export { certificateInfo } from "./tls/certificate-info.ts";
