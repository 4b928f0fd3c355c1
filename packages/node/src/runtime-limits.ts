import process from "node:process";
import { UnsupportedError, type ProxyOptions, type TlsOptions, type TransportOptions } from "@rivulet/engine";

/** Whose `node:net` and `node:tls` these are. */
export type NodeRuntime = "Bun" | "Deno" | "Node";

/** An option that a runtime ignores or breaks. */
interface Limit {
  readonly option: keyof TlsOptions;
  /** Whether this value asks for it. */
  readonly isAsked: (value: unknown) => boolean;
  readonly why: string;
}

/*
 * What Bun 1.4 and Deno 2.9 have of `node:tls`, but without an effect: servers have seen the same handshake with and without.
 * What is not here works there, which `e2e/options` shows with servers that look.
 */
const limits: Readonly<Record<NodeRuntime, readonly Limit[]>> = {
  Node: [],
  Bun: [
    { option: "minVersion", isAsked: isOldVersion, why: "it makes no TLS before 1.2" },
    { option: "maxVersion", isAsked: isOldVersion, why: "it makes no TLS before 1.2" },
    { option: "cipherSuites", isAsked: hasSuiteOfTls13, why: "it offers its own suites of TLS 1.3, whatever is asked" },
    { option: "cipherList", isAsked: hasSuiteOfTls13, why: "it offers its own suites of TLS 1.3, whatever is asked" },
    { option: "ocspStapling", isAsked: isOn, why: "it does not ask for the server's OCSP answer" },
  ],
  Deno: [
    { option: "minVersion", isAsked: isOldVersion, why: "it makes no TLS before 1.2" },
    { option: "maxVersion", isAsked: isOldVersion, why: "it makes no TLS before 1.2" },
    { option: "cipherSuites", isAsked: isGiven, why: "it offers its own suites, whatever is asked" },
    { option: "cipherList", isAsked: isGiven, why: "it offers its own suites, whatever is asked" },
    { option: "groups", isAsked: isGiven, why: "it offers its own groups, whatever is asked" },
    { option: "signatureAlgorithms", isAsked: isGiven, why: "it offers its own algorithms, whatever is asked" },
    { option: "reuseSession", isAsked: isTrue, why: "it makes each connection anew" },
    { option: "keyLogFile", isAsked: isGiven, why: "it does not tell the secrets of a connection" },
    { option: "ocspStapling", isAsked: isOn, why: "it does not hand on the server's OCSP answer" },
    // What it reports of either is that nobody stands behind the certificate.
    { option: "allowExpired", isAsked: isTrue, why: "it does not tell an expired certificate from a forged one" },
    { option: "allowWrongUsage", isAsked: isTrue, why: "it does not tell a wrong usage from a forged certificate" },
  ],
};

/**
 * Refuses options that this runtime would ignore. `options.tls` is undefined where there is to be no TLS.
 *
 * @throws UnsupportedError naming the option and the runtime.
 */
export function refuseWhatIsMissing(
  { tls, proxy, socket }: Pick<TransportOptions, "tls" | "proxy" | "socket">,
  runtime: NodeRuntime = findRuntime(),
): void {
  if (runtime === "Bun" && socket?.noDelay === false) {
    throw new UnsupportedError("socket.noDelay", "socket.noDelay false is not supported in Bun: it delays nothing");
  }
  refuse("tls", tls, runtime);
  if (isProxyOptions(proxy)) refuse("proxy.tls", proxy.tls, runtime);
}

/** Which of them `versions` are of: all of them say that they are Node. */
export function findRuntime(versions: Readonly<Record<string, string | undefined>> = process.versions): NodeRuntime {
  if (versions["deno"] !== undefined) return "Deno";
  return versions["bun"] === undefined ? "Node" : "Bun";
}

function refuse(prefix: string, options: unknown, runtime: NodeRuntime): void {
  // What is no object is found where the options are read.
  if (typeof options !== "object" || options === null) return;
  const given = options as Readonly<Record<string, unknown>>;
  for (const { option, isAsked, why } of limits[runtime]) {
    if (!isAsked(given[option])) continue;
    const name = `${prefix}.${option}`;
    throw new UnsupportedError(name, `${name} is not supported in ${runtime}: ${why}`);
  }
}

function isProxyOptions(proxy: TransportOptions["proxy"]): proxy is ProxyOptions {
  return typeof proxy === "object" && !(proxy instanceof URL);
}

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

function isTrue(value: unknown): boolean {
  return value === true;
}

function isOn(value: unknown): boolean {
  return value !== undefined && value !== "off";
}

function isOldVersion(value: unknown): boolean {
  return value === "TLSv1" || value === "TLSv1.1";
}

/** Both kinds of names are the same there, and without the key exchange, which TLS 1.3 agrees on by itself. */
function hasSuiteOfTls13(value: unknown): boolean {
  const suites: readonly unknown[] =
    typeof value === "string" ? value.split(/[\s:,;]+/) : Array.isArray(value) ? value : [];
  return suites.some((name) => typeof name === "string" && /^TLS_(?!.*_WITH_)/.test(name));
}
