// What settings of TLS read as long as they are not set: their documented defaults.

export const caCertFilePaths: string = [
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/cacert.pem",
].join(";");

export const tls12SignatureAlgorithms: string = ["sha512", "sha384", "sha256", "sha224", "sha1"]
  .flatMap((hash) => ["ecdsa", "rsa", "dsa"].map((signature) => `${hash}-${signature}`))
  .join(",");

export const tls12Groups = "ecdhe_secp256r1,ecdhe_secp384r1,ecdhe_secp521r1";

export const tls13Groups: string = [
  "ecdhe_x25519",
  "ecdhe_x448",
  tls12Groups,
  ...[2048, 3072, 4096, 6144, 8192].map((bits) => `ffdhe_${bits}`),
].join(",");

export const tls13KeyShareGroups = "ecdhe_x25519,ecdhe_secp256r1,ecdhe_secp384r1,ffdhe_2048,ffdhe_3072";

export const tls13SignatureAlgorithms: string = [
  ...["rsa_pss", "rsa_pkcs1"].flatMap((scheme) => ["sha256", "sha384", "sha512"].map((hash) => `${scheme}_${hash}`)),
  "ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,ecdsa_secp521r1_sha512,ed25519,ed448",
].join(",");
