import { InvalidOptionError, type KeyFormat, type TlsOptions, type TlsVersion } from "@rivulet/engine";
import { groupList, signatureAlgorithmList } from "./algorithms.ts";
import { cipherList } from "./cipher-suites.ts";

/** What of TLS needs no file to be read, as `node:tls` takes it. */
export interface TlsSettings {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers: string | undefined;
  readonly ecdhCurve: string | undefined;
  readonly sigalgs: string | undefined;
  readonly ALPNProtocols: string[] | undefined;
}

const versions: readonly TlsVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const keyFormats: readonly KeyFormat[] = ["detect", "pem", "der", "jwk", "ssh", "ppk", "xml"];

/** Whether a value is fine; what it must be otherwise. */
interface Rule {
  readonly must: string;
  readonly is: (value: unknown) => boolean;
}

const boolean: Rule = { must: "true or false", is: (value) => typeof value === "boolean" };
const text: Rule = { must: "a string", is: (value) => typeof value === "string" };
const aFunction: Rule = { must: "a function", is: (value) => typeof value === "function" };
const source: Rule = { must: "text, bytes or { file }", is: isSource };
const names: Rule = { must: "a list of names, one at least", is: isListOfNames };
const version: Rule = oneOf(versions);
const revocation: Rule = oneOf(["off", "ifAvailable", "required"]);

const rules: Readonly<Record<keyof TlsOptions, Rule>> = {
  ca: { must: "text, bytes, { file }, { directory }, or a list of these", is: isAuthorities },
  systemCa: boolean,
  cert: source,
  key: { must: "text, bytes, { file } or a JWK", is: (value) => isSource(value) || isObject(value) },
  keyFormat: oneOf(keyFormats),
  pfx: { must: "bytes or { file }", is: (value) => typeof value !== "string" && isSource(value) },
  passphrase: text,
  minVersion: version,
  maxVersion: version,
  cipherSuites: names,
  cipherList: { must: "a list of ciphers", is: (value) => typeof value === "string" && value.trim() !== "" },
  minCipherStrengthBits: {
    must: "a whole number from 0 on",
    is: (value) => Number.isInteger(value) && Number(value) >= 0,
  },
  groups: names,
  signatureAlgorithms: names,
  alpnProtocols: { must: "a list of names of 1 to 255 bytes", is: isListOfProtocols },
  serverName: { must: "a host name, an address, or empty", is: isServerName },
  reuseSession: boolean,
  keyLogFile: { must: "a path or a file: URL", is: isPath },
  logRecords: boolean,
  allowExpired: boolean,
  allowUnknownAuthority: boolean,
  allowHostnameMismatch: boolean,
  allowWrongUsage: boolean,
  allowRevoked: boolean,
  acceptServerCertificate: { must: "text, bytes, { file }, or a list of these", is: isSourceOrList },
  verifyServerCertificate: aFunction,
  ocspStapling: revocation,
  ocsp: revocation,
  crl: revocation,
};

/**
 * Checks the options for TLS as far as that can be done without reading a file.
 *
 * @throws InvalidOptionError for an option that does not exist, a value that is none, or options that contradict each
 * other; UnsupportedError for what this platform's OpenSSL does not have. Each names the option.
 */
export function readTlsOptions(options: TlsOptions = {}): TlsSettings {
  checkTypes(options);
  checkIdentity(options);
  const { minVersion = "TLSv1.2", maxVersion = "TLSv1.3" } = options;
  if (versions.indexOf(minVersion) > versions.indexOf(maxVersion)) {
    const [option, other] =
      options.maxVersion === undefined ? ["minVersion", "maxVersion"] : ["maxVersion", "minVersion"];
    const isDefault = options.minVersion === undefined ? ", its default" : "";
    throw new InvalidOptionError(
      `tls.${option}`,
      `tls.maxVersion is ${maxVersion}, and must not be below tls.${other}, which is ${minVersion}${isDefault}`,
    );
  }
  const ciphers = cipherList(options);
  return {
    ...narrowVersions(ciphers, { minVersion, maxVersion }, options.cipherList !== undefined),
    ciphers,
    ecdhCurve: options.groups && groupList(options.groups),
    sigalgs: options.signatureAlgorithms && signatureAlgorithmList(options.signatureAlgorithms),
    ALPNProtocols: options.alpnProtocols && [...options.alpnProtocols],
  };
}

type Versions = Pick<TlsSettings, "minVersion" | "maxVersion">;

/**
 * Suites of TLS 1.3 go with no other version, and no others go with it: without any of them, OpenSSL would take its own,
 * which is what a list in its own syntax means.
 */
function narrowVersions(
  ciphers: string | undefined,
  { minVersion, maxVersion }: Versions,
  isOpensslList: boolean,
): Versions {
  if (ciphers === undefined) return { minVersion, maxVersion };
  const isNew = ciphers.split(":").map((name) => name.startsWith("TLS_"));
  const least = isNew.every(Boolean) ? "TLSv1.3" : minVersion;
  const keepsNewest = isOpensslList || isNew.some(Boolean) || maxVersion !== "TLSv1.3";
  const most = keepsNewest ? maxVersion : "TLSv1.2";
  if (versions.indexOf(least) <= versions.indexOf(most)) return { minVersion: least, maxVersion: most };
  const wanted = least === minVersion ? minVersion : maxVersion;
  const option = isOpensslList ? "tls.cipherList" : "tls.cipherSuites";
  throw new InvalidOptionError(option, `None of ${option} goes with ${wanted}`);
}

function checkTypes(options: TlsOptions): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const option = `tls.${name}`;
    if (!Object.hasOwn(rules, name)) throw new InvalidOptionError(option, `There is no option ${option}`);
    const rule = rules[name as keyof TlsOptions];
    if (value !== undefined && !rule.is(value)) {
      throw new InvalidOptionError(option, `${option} must be ${rule.must}, not ${show(name, value)}`);
    }
  }
}

/** Values that are no secret, nor long. */
function show(name: string, value: unknown): string {
  if (Array.isArray(value)) return "such a list";
  const mayBeSecret = ["key", "pfx", "passphrase", "cert", "ca", "acceptServerCertificate"].includes(name);
  if (typeof value === "string" && !mayBeSecret) return JSON.stringify(value.slice(0, 64));
  if ((typeof value === "number" && !mayBeSecret) || typeof value === "boolean" || value === null) return String(value);
  const article = typeof value === "object" ? "an" : "a";
  return `${article} ${typeof value}`;
}

/** Whether a certificate and a key belong together, and where each is, is seen when they are read. */
function checkIdentity({ cert, key, keyFormat, pfx, passphrase }: TlsOptions): void {
  for (const [name, value] of Object.entries({ cert, key, keyFormat })) {
    if (pfx === undefined || value === undefined) continue;
    throw new InvalidOptionError(
      "tls.pfx",
      `tls.pfx holds a certificate and its key, and does not go with tls.${name}`,
    );
  }
  const hasIdentity = cert !== undefined || key !== undefined || pfx !== undefined;
  for (const [name, value] of Object.entries({ keyFormat, passphrase })) {
    if (hasIdentity || value === undefined) continue;
    throw new InvalidOptionError(`tls.${name}`, `tls.${name} is of no use without a private key`);
  }
}

function oneOf(values: readonly string[]): Rule {
  const must = values.map((value) => `"${value}"`).join(" or ");
  return { must, is: (value) => typeof value === "string" && values.includes(value) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isPath(value: unknown): boolean {
  if (value instanceof URL) return value.protocol === "file:";
  return typeof value === "string" && value !== "" && !value.includes("\0");
}

function isSource(value: unknown): boolean {
  if (typeof value === "string" || value instanceof Uint8Array) return true;
  return isObject(value) && Object.keys(value).length === 1 && isPath(value["file"]);
}

function isSourceOrList(value: unknown): boolean {
  return isSource(value) || (Array.isArray(value) && value.every(isSource));
}

function isAuthorities(value: unknown): boolean {
  return isAuthority(value) || (Array.isArray(value) && value.every(isAuthority));
}

function isAuthority(value: unknown): boolean {
  return isSource(value) || (isObject(value) && Object.keys(value).length === 1 && isPath(value["directory"]));
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name !== "");
}

function isListOfProtocols(value: unknown): boolean {
  const isProtocol = (name: unknown): boolean => {
    const length = typeof name === "string" ? Buffer.byteLength(name) : 0;
    return length > 0 && length < 256;
  };
  return Array.isArray(value) && value.every(isProtocol);
}

function isServerName(value: unknown): boolean {
  return typeof value === "string" && /^[\w.:-]{0,255}$/.test(value);
}
