import { readFileSync, statSync } from "node:fs";
import { openCertificateStore, readCertificate, type StoreFormat } from "@rivulet/node/certificates";
import { InvalidOptionError, UnsupportedError } from "rivulet";
import { CertStoreTypes } from "../enumerations.ts";
import type { CertificateReader } from "./certificate-reader.ts";

/** Where a store is, and what it is. */
interface StoreType {
  readonly format: StoreFormat;
  readonly isFile: boolean;
}

const {
  cstPFXFile,
  cstPFXBlob,
  cstPEMKeyFile,
  cstPEMKeyBlob,
  cstPublicKeyFile,
  cstPublicKeyBlob,
  cstSSHPublicKeyFile,
  cstSSHPublicKeyBlob,
  cstP7BFile,
  cstP7BBlob,
  cstPPKFile,
  cstPPKBlob,
  cstXMLFile,
  cstXMLBlob,
  cstJWKFile,
  cstJWKBlob,
  cstAuto,
} = CertStoreTypes;

const storeTypes: ReadonlyMap<number, StoreType> = new Map([
  [cstPFXFile, { format: "pfx", isFile: true }],
  [cstPFXBlob, { format: "pfx", isFile: false }],
  [cstPEMKeyFile, { format: "pem", isFile: true }],
  [cstPEMKeyBlob, { format: "pem", isFile: false }],
  [cstPublicKeyFile, { format: "certificate", isFile: true }],
  [cstPublicKeyBlob, { format: "certificate", isFile: false }],
  [cstSSHPublicKeyFile, { format: "ssh-public", isFile: true }],
  [cstSSHPublicKeyBlob, { format: "ssh-public", isFile: false }],
  [cstP7BFile, { format: "pkcs7", isFile: true }],
  [cstP7BBlob, { format: "pkcs7", isFile: false }],
  [cstPPKFile, { format: "ppk", isFile: true }],
  [cstPPKBlob, { format: "ppk", isFile: false }],
  [cstXMLFile, { format: "xml", isFile: true }],
  [cstXMLBlob, { format: "xml", isFile: false }],
  [cstJWKFile, { format: "jwk", isFile: true }],
  [cstJWKBlob, { format: "jwk", isFile: false }],
  [cstAuto, { format: "detect", isFile: false }],
] satisfies [number, StoreType][]);

/** What cannot be opened here, in words. */
const foreignStores: ReadonlyMap<number, string> = new Map<number, string>([
  [CertStoreTypes.cstUser, "A certificate store of the user is one of Windows"],
  [CertStoreTypes.cstMachine, "A certificate store of the machine is one of Windows"],
  [CertStoreTypes.cstJKSFile, "A Java key store (JKS) must be converted to PKCS#12"],
  [CertStoreTypes.cstJKSBlob, "A Java key store (JKS) must be converted to PKCS#12"],
  [CertStoreTypes.cstBCFKSFile, "A Bouncy Castle key store (BCFKS) must be converted to PKCS#12"],
  [CertStoreTypes.cstBCFKSBlob, "A Bouncy Castle key store (BCFKS) must be converted to PKCS#12"],
  [CertStoreTypes.cstPKCS11, "A security key (PKCS#11) cannot be asked from here"],
]);

/** Opens stores in Node and in what has its modules. */
export const nodeCertificates: CertificateReader = {
  open(store, type, password) {
    const found = storeTypes.get(type);
    if (found === undefined) {
      const why = foreignStores.get(type) ?? `A store of the type ${type} is not known`;
      throw new UnsupportedError("storeType", why);
    }
    const { format, isFile } = found;
    const bytes = isFile || (type === cstAuto && isPath(store)) ? readStoreFile(store) : toBytes(store);
    return openCertificateStore(bytes, { format, passphrase: password === "" ? undefined : password });
  },

  read(certificate) {
    return readCertificate(certificate);
  },
};

function readStoreFile(store: string | Uint8Array): Uint8Array {
  const path = typeof store === "string" ? store : new TextDecoder().decode(store);
  try {
    return readFileSync(path);
  } catch (cause) {
    const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
    throw new InvalidOptionError("store", `The file ${path} cannot be read (${String(code)})`, { cause });
  }
}

/** Bytes as they are; text as UTF-8, but a binary structure that was put into a string, an octet a character. */
function toBytes(store: string | Uint8Array): Uint8Array {
  if (typeof store !== "string") return store;
  const isBinary = store.startsWith("0") && /^[\0-\xff]*$/.test(store) && /[\x80-\xff]/.test(store);
  return Buffer.from(store, isBinary ? "latin1" : "utf8");
}

/** Whether text names a file: one that is there, or what ends like the name of one. */
function isPath(store: string | Uint8Array): boolean {
  if (typeof store !== "string" || store.length > 4_096 || !/^[^\r\n\0<{]+$/.test(store)) return false;
  return isFile(store) || (/\.[A-Za-z0-9]{1,5}$/.test(store) && !/^(ssh-|ecdsa-|sk-)/.test(store));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // It may be too long for a name, or none of our business.
    return false;
  }
}
