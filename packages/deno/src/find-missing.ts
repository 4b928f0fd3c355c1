import { UnsupportedError, type TlsOptions, type TransportOptions, type TransportTarget } from "@rivulet/engine";

const tlsSchemes: ReadonlySet<string> = new Set(["mqtts:", "ssl:", "tls:"]);

/** Whether the scheme asks for TLS. */
export function isTls({ scheme }: Pick<TransportTarget, "scheme">): boolean {
  return tlsSchemes.has(scheme);
}

/**
 * Finds what is asked for and Deno's own connections do not have. Undefined: nothing. Whether values are valid is not
 * looked at here.
 */
export function findMissing(target: TransportTarget, options: TransportOptions): UnsupportedError | undefined {
  const missing = findMissingOfSocket(target, options) ?? (isTls(target) ? findMissingOfTls(options.tls) : undefined);
  if (missing === undefined) return undefined;
  const [option, why] = missing;
  return new UnsupportedError(option, `${option} is not supported by this transport in Deno: ${why}`);
}

/** An option and the reason. */
type Missing = readonly [option: string, why: string];

function findMissingOfSocket(
  { scheme }: TransportTarget,
  { socket, proxy, tls }: TransportOptions,
): Missing | undefined {
  if (proxy !== undefined) return ["proxy", "Deno.connect connects directly"];
  const { keepAlive } = socket ?? {};
  for (const name of ["localAddress", "localPort", "family", "linger", "maxTransferRate"] as const) {
    if (socket?.[name] !== undefined) return [`socket.${name}`, "Deno.connect has no such option"];
  }
  if (typeof keepAlive === "object") return ["socket.keepAlive.initialDelayMs", "Deno.connect has no such option"];
  if (keepAlive === true && scheme === "mqtt+unix:") {
    return ["socket.keepAlive", "it is for connections over TCP, not for a Unix socket"];
  }
  if (socket?.noDelay !== undefined && isTls({ scheme }) && tls?.cert !== undefined) {
    return ["socket.noDelay", "it does not go with tls.cert there"];
  }
  if (keepAlive === true && isTls({ scheme })) {
    return ["socket.keepAlive", "Deno's connections with TLS do not have it"];
  }
  return undefined;
}

/** What `open-tls.ts` sees to, in the forms that Deno takes. */
const known: ReadonlySet<string> = new Set<keyof TlsOptions>([
  ...(["ca", "systemCa", "cert", "key", "alpnProtocols", "serverName"] as const),
]);

function findMissingOfTls(tls: TlsOptions = {}): Missing | undefined {
  for (const [name, value] of Object.entries(tls) as [string, unknown][]) {
    const asksForNothing = value === undefined || value === false || value === "off";
    if (!known.has(name) && !asksForNothing) return [`tls.${name}`, "Deno.connectTls has no such option"];
  }
  const { ca, systemCa, cert, key, serverName } = tls;
  for (const [name, value] of Object.entries({ ca, cert, key })) {
    const values: readonly unknown[] = name === "ca" && Array.isArray(value) ? value : [value];
    if (!values.every((each) => each === undefined || typeof each === "string")) {
      return [`tls.${name}`, "it takes nothing but text in PEM"];
    }
  }
  const alwaysTrusts = "Deno trusts its own authorities in any case";
  if (systemCa === false) return ["tls.systemCa", alwaysTrusts];
  if (ca !== undefined && systemCa !== true) return ["tls.ca", `${alwaysTrusts}, which tls.systemCa: true says too`];
  if (serverName === "") return ["tls.serverName", "it always tells the server a name"];
  if (serverName !== undefined && cert !== undefined) return ["tls.serverName", "it does not go with tls.cert there"];
  return undefined;
}
