import { UnsupportedError, type CertificateInfo } from "rivulet";
import { CertStoreTypes } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import type { Platform } from "../platform.ts";
import { CertificateFields } from "./certificate-fields.ts";
import type { CertificateReader, StoreEntry } from "./certificate-reader.ts";
import { containsSubject, formatSubject, isSameSubject } from "./subject.ts";

/**
 * A certificate that is chosen, and the store that it is chosen from.
 *
 * Nothing is read until `subject` or `encoded` is set: that searches the store at once, and what was found stays chosen
 * until one of them is set again, whatever becomes of the store.
 */
export class CertificateSlot {
  readonly #platform: Pick<Platform, "certificates" | "name">;
  /** What the names of the properties begin with. */
  readonly #prefix: string;
  #store: string | Uint8Array = defaultStore;
  #storeType: number = CertStoreTypes.cstUser;
  #storePassword = "";
  #selected: StoreEntry | undefined;
  #fields: CertificateFields = new CertificateFields(undefined);
  #subject = "";

  constructor(platform: Pick<Platform, "certificates" | "name">, prefix: "sslCert" | "sslAcceptServerCert") {
    this.#platform = platform;
    this.#prefix = prefix;
  }

  /** The certificate, with what the store has for it; undefined when none is chosen. */
  get selected(): StoreEntry | undefined {
    return this.#selected;
  }

  /** What the properties say of it. */
  get fields(): CertificateFields {
    return this.#fields;
  }

  get store(): string | Uint8Array {
    return this.#store;
  }

  set store(value: string | Uint8Array) {
    this.#check("Store", isStringOrBytes(value), "a string or bytes");
    if (value !== defaultStore && value.length > 0) this.#reader("Store");
    this.#store = value;
  }

  get storeType(): number {
    return this.#storeType;
  }

  set storeType(value: number) {
    this.#check("StoreType", storeTypes.includes(value), "one of CertStoreTypes");
    if (value !== CertStoreTypes.cstUser) this.#reader("StoreType");
    this.#storeType = value;
  }

  get storePassword(): string {
    return this.#storePassword;
  }

  set storePassword(value: string) {
    this.#check("StorePassword", typeof value === "string", "a string");
    if (value !== "") this.#reader("StorePassword");
    this.#storePassword = value;
  }

  /** The full subject of what is chosen. */
  get subject(): string {
    return this.#subject;
  }

  set subject(value: string) {
    this.#check("Subject", typeof value === "string", "a string");
    this.#select(undefined);
    if (value === "") return;
    const entries = this.#open(this.#reader("Subject"));
    const found = value === "*" ? entries[0] : find(entries, value);
    this.#select(found);
    this.#subject = formatSubject(found?.certificate?.subject ?? "");
  }

  get encoded(): Uint8Array<ArrayBuffer> {
    return this.#fields.encoded;
  }

  set encoded(value: string | Uint8Array) {
    this.#check("Encoded", isStringOrBytes(value), "a string or bytes");
    this.#select(undefined);
    if (value.length === 0) return;
    const reader = this.#reader("Encoded");
    const given = this.#readGiven(reader, value);
    const found = given.privateKey === undefined ? this.#findWithKey(reader, given.certificate) : given;
    this.#select(found ?? given);
    this.#subject = found === undefined ? "" : formatSubject(given.certificate.subject);
  }

  /** What has no types may set anything. */
  #check(property: string, isFine: boolean, what: string): void {
    if (!isFine) throw new MQTTError(10022, { detail: `${this.#prefix}${property} must be ${what}` });
  }

  #select(entry: StoreEntry | undefined): void {
    this.#selected = entry;
    this.#fields = new CertificateFields(entry);
    this.#subject = "";
  }

  /** What was set as the certificate, perhaps with its private key. */
  #readGiven(reader: CertificateReader, value: string | Uint8Array): EntryWithCertificate {
    let entries: readonly StoreEntry[];
    try {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      entries = reader.open(bytes, CertStoreTypes.cstAuto, this.#storePassword);
    } catch (cause) {
      throw new MQTTError(272, { detail: detailOf(cause), cause });
    }
    const given = entries.find(hasCertificate);
    if (given !== undefined) return given;
    throw new MQTTError(272, { detail: `${this.#prefix}Encoded holds no certificate` });
  }

  /** The private key of a certificate, from the store; undefined when it is not there, or no store was named. */
  #findWithKey(reader: CertificateReader, certificate: CertificateInfo): StoreEntry | undefined {
    const isNamed = this.#storeType !== CertStoreTypes.cstUser || this.#store !== defaultStore;
    if (!isNamed || this.#store.length === 0) return undefined;
    const entries = this.#open(reader).filter(({ privateKey }) => privateKey !== undefined);
    const { sha256 } = certificate.fingerprints;
    const own = entries.find((entry) => entry.certificate?.fingerprints.sha256 === sha256);
    if (own !== undefined) return own;
    const key = entries.find(({ publicKey }) => publicKey === certificate.publicKey);
    return key === undefined ? undefined : { ...key, certificate, chain: [], fingerprints: certificate.fingerprints };
  }

  #open(reader: CertificateReader): readonly StoreEntry[] {
    try {
      return reader.open(this.#store, this.#storeType, this.#storePassword);
    } catch (cause) {
      throw new MQTTError(271, { detail: detailOf(cause), cause });
    }
  }

  /** @throws MQTTError where TLS is not ours to make. */
  #reader(property: string): CertificateReader {
    const { certificates, name } = this.#platform;
    if (certificates !== undefined) return certificates;
    const feature = `${this.#prefix}${property}`;
    const detail = `${feature} cannot be set in ${name}, which makes TLS connections itself`;
    throw new MQTTError(270, { detail, cause: new UnsupportedError(feature, detail) });
  }
}

type EntryWithCertificate = StoreEntry & { readonly certificate: CertificateInfo };

/** The name of a store of Windows. */
const defaultStore = "MY";

const storeTypes: readonly number[] = Object.values(CertStoreTypes);

function isStringOrBytes(value: unknown): boolean {
  return typeof value === "string" || value instanceof Uint8Array;
}

function hasCertificate(entry: StoreEntry): entry is EntryWithCertificate {
  return entry.certificate !== undefined;
}

function find(entries: readonly StoreEntry[], subject: string): StoreEntry | undefined {
  const certificates = entries.filter(hasCertificate);
  return (
    certificates.find(({ certificate }) => isSameSubject(certificate.subject, subject)) ??
    certificates.find(({ certificate }) => containsSubject(certificate.subject, subject))
  );
}

/** What is wrong; such errors never hold a part of what was read. */
function detailOf(error: unknown): string | undefined {
  return error instanceof Error ? error.message : undefined;
}
