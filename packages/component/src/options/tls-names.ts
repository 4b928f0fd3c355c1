import { MQTTError } from "../mqtt-error.ts";

/** Groups of TLS 1.3 by their documented names, and what the options of `MqttClient` call them. */
const groups13: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["ecdhe_x25519", "X25519"],
  ["ecdhe_x448", "X448"],
  ["ecdhe_secp256r1", "P-256"],
  ["ecdhe_secp384r1", "P-384"],
  ["ecdhe_secp521r1", "P-521"],
  ["ffdhe_2048", "ffdhe2048"],
  ["ffdhe_3072", "ffdhe3072"],
  ["ffdhe_4096", "ffdhe4096"],
  ["ffdhe_6144", "ffdhe6144"],
  ["ffdhe_8192", "ffdhe8192"],
]);

/** The same of TLS 1.2. */
const groups12: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["ecdhe_secp256r1", "P-256"],
  ["ecdhe_secp384r1", "P-384"],
  ["ecdhe_secp521r1", "P-521"],
]);

/** PSS goes with keys of both kinds: those of RSA, and those that are for PSS alone. */
const signatures13: ReadonlyMap<string, readonly string[]> = /* @__PURE__ */ new Map([
  ["ed25519", ["ed25519"]],
  ["ed448", ["ed448"]],
  ["ecdsa_secp256r1_sha256", ["ecdsa_secp256r1_sha256"]],
  ["ecdsa_secp384r1_sha384", ["ecdsa_secp384r1_sha384"]],
  ["ecdsa_secp521r1_sha512", ["ecdsa_secp521r1_sha512"]],
  ["rsa_pkcs1_sha256", ["rsa_pkcs1_sha256"]],
  ["rsa_pkcs1_sha384", ["rsa_pkcs1_sha384"]],
  ["rsa_pkcs1_sha512", ["rsa_pkcs1_sha512"]],
  ["rsa_pss_sha256", ["rsa_pss_rsae_sha256", "rsa_pss_pss_sha256"]],
  ["rsa_pss_sha384", ["rsa_pss_rsae_sha384", "rsa_pss_pss_sha384"]],
  ["rsa_pss_sha512", ["rsa_pss_rsae_sha512", "rsa_pss_pss_sha512"]],
]);

/** All that TLS 1.3 knows, in the documented order: what stands behind a key share that is asked for. */
export const allGroups13: readonly string[] = /* @__PURE__ */ [...groups13.values()];

/** @throws MQTTError 10022 for a name that is none of TLS 1.2. */
export function parseGroups12(text: string): readonly string[] {
  return split(text).map((name) => find(groups12, name, "TLS12SupportedGroups"));
}

/** @throws MQTTError 10022 for a name that is none of TLS 1.3. */
export function parseGroups13(text: string, setting = "TLS13SupportedGroups"): readonly string[] {
  return split(text).map((name) => find(groups13, name, setting));
}

/**
 * The group that gets the key share; undefined for none in particular.
 *
 * @throws MQTTError 10042 for more than one: OpenSSL sends one share.
 */
export function parseKeyShareGroup(text: string): string | undefined {
  const [group, ...more] = parseGroups13(text, "TLS13KeyShareGroups");
  if (more.length === 0) return group;
  throw new MQTTError(10042, { detail: "TLS13KeyShareGroups can be one group: one key share is all that is sent" });
}

/**
 * Signature algorithms such as `sha256-rsa`. With `hasTls13` those with RSA are offered with PSS too, since TLS 1.3 makes no
 * other signatures with it.
 *
 * @throws MQTTError 10022 for a name that is none.
 */
export function parseSignatures12(text: string, hasTls13 = false): readonly string[] {
  return split(text).flatMap((name) => {
    const [, hash, key] = /^(sha(?:1|224|256|384|512))-(rsa|dsa|ecdsa)$/.exec(name.toLowerCase()) ?? [];
    if (hash === undefined || key === undefined) throw unknown(name, "TLS12SignatureAlgorithms");
    const withPss = hasTls13 && key === "rsa" && /256|384|512/.test(hash);
    const plain = `${key.toUpperCase()}+${hash.toUpperCase()}`;
    return withPss ? [`rsa_pss_rsae_${hash}`, plain] : [plain];
  });
}

/** @throws MQTTError 10022 for a name that is none. */
export function parseSignatures13(text: string): readonly string[] {
  return split(text).flatMap((name) => find(signatures13, name, "TLS13SignatureAlgorithms"));
}

/**
 * Cipher suites; undefined for all. Whether there are such suites is seen when they are used.
 *
 * @throws MQTTError 10042 for names of the provider of Windows.
 */
export function parseCipherSuites(text: string): readonly string[] | undefined {
  const names = text
    .split(";")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    if (!/^CALG_/i.test(name)) continue;
    const detail = `${name} of SSLEnabledCipherSuites is an algorithm of Windows; here suites go by their IANA names`;
    throw new MQTTError(10042, { detail });
  }
  return names.length === 0 || names.includes("*") ? undefined : names;
}

function split(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function find<Value>(known: ReadonlyMap<string, Value>, name: string, setting: string): Value {
  const value = known.get(name.toLowerCase());
  if (value === undefined) throw unknown(name, setting);
  return value;
}

function unknown(name: string, setting: string): MQTTError {
  return new MQTTError(10022, { detail: `${setting} does not know ${JSON.stringify(name.slice(0, 40))}` });
}
