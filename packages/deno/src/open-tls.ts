import { InvalidOptionError, type TlsOptions, type TransportTarget } from "@rivulet/engine";
import { abortable } from "./abortable.ts";
import { connectError, formatAddress, tlsError } from "./conn-errors.ts";
import { connectTcp } from "./connect-tcp.ts";

/** What Deno takes of the options for TLS. */
interface Settings {
  readonly caCerts: string[];
  readonly alpnProtocols?: string[];
}

/**
 * Connects with TLS; the server is verified by Deno.
 *
 * @throws TransportError, InvalidOptionError, or the signal's reason.
 */
export async function openTls(
  target: TransportTarget,
  options: TlsOptions,
  { noDelay, signal }: { readonly noDelay: boolean; readonly signal: AbortSignal },
): Promise<Deno.TlsConn> {
  const settings = readTls(options);
  const { cert, key, serverName = target.hostname } = options;
  const address = formatAddress(target);
  let conn: Deno.TlsConn;
  if (typeof cert === "string" && typeof key === "string") {
    await checkIdentity(cert, key);
    signal.throwIfAborted();
    conn = await connectAs({ cert, key }, target, settings, signal);
  } else {
    const tcpConn = await connectTcp(target, signal);
    tcpConn.setNoDelay(noDelay);
    try {
      conn = await Deno.startTls(tcpConn, { ...settings, hostname: serverName });
    } catch (cause) {
      closeIfOpen(tcpConn);
      signal.throwIfAborted();
      throw tlsError(address, cause);
    }
  }
  try {
    await abortable(conn.handshake(), signal);
    return conn;
  } catch (cause) {
    conn.close();
    signal.throwIfAborted();
    throw tlsError(address, cause);
  }
}

/** Deno shows a certificate only where it connects by itself, which it cannot be told to stop. */
async function connectAs(
  identity: { readonly cert: string; readonly key: string },
  { hostname, port }: TransportTarget,
  settings: Settings,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const connecting = Deno.connectTls({ hostname, port, ...settings, ...identity });
  try {
    return await abortable(connecting, signal);
  } catch (cause) {
    connecting.then((conn) => {
      conn.close();
    }, ignore);
    signal.throwIfAborted();
    throw connectError(formatAddress({ hostname, port }), cause);
  }
}

function readTls({ ca, cert, key, alpnProtocols, serverName }: TlsOptions): Settings {
  const caCerts = (Array.isArray(ca) ? ca : ca === undefined ? [] : [ca]) as string[];
  if (!caCerts.every((text) => text.includes("-----BEGIN CERTIFICATE-----"))) {
    throw new InvalidOptionError("tls.ca", "tls.ca holds no certificate in PEM");
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    throw new InvalidOptionError(`tls.${given}`, `tls.${given} is of no use without tls.${missing}`);
  }
  if (serverName !== undefined && typeof (serverName as unknown) !== "string") {
    throw new InvalidOptionError("tls.serverName", "tls.serverName is a host name or an address");
  }
  const isList = (value: unknown): boolean =>
    Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "" && name.length < 256);
  if (alpnProtocols !== undefined && !isList(alpnProtocols)) {
    throw new InvalidOptionError("tls.alpnProtocols", "tls.alpnProtocols is a list of names of 1 to 255 bytes");
  }
  return { caCerts, ...(alpnProtocols === undefined ? {} : { alpnProtocols: [...alpnProtocols] }) };
}

/** A key that is not the certificate's would end the whole process: Deno panics. */
async function checkIdentity(cert: string, key: string): Promise<void> {
  const { createPrivateKey, X509Certificate } = await import("node:crypto");
  const privateKey = parse("tls.key", "private key", () => createPrivateKey(key));
  const certificate = parse("tls.cert", "certificate", () => new X509Certificate(cert));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new InvalidOptionError("tls.key", "tls.key is not the key of the certificate in tls.cert");
  }
}

/** The cause is not kept: it may quote what it could not read. */
function parse<Value>(option: string, what: string, read: () => Value): Value {
  try {
    return read();
  } catch {
    throw new InvalidOptionError(option, `${option} holds no ${what} in PEM that can be read`);
  }
}

/** A connection that Deno may have taken for TLS already, and then has closed itself. */
function closeIfOpen(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

function ignore(): void {}
