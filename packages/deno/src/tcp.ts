import {
  unixPath,
  type Duplex,
  type Transport,
  type TransportContext,
  type TransportOptions,
  type TransportTarget,
} from "@rivulet/engine";
import { ConnDuplex } from "./conn-duplex.ts";
import { formatAddress } from "./conn-errors.ts";
import { connectTcp } from "./connect-tcp.ts";
import { connectUnix } from "./connect-unix.ts";
import { findMissing, isTls } from "./find-missing.ts";
import { openTls } from "./open-tls.ts";
import { readSocketOptions } from "./socket-options.ts";

/**
 * MQTT over TCP, TLS and Unix sockets, through what Deno has itself: the schemes `mqtt:` and `tcp:`, `mqtts:`, `ssl:` and
 * `tls:`, and `mqtt+unix:`. Needs the permission `--allow-net` for the server's host and port, or `--allow-read` and
 * `--allow-write` for the socket's path.
 *
 * It understands `socket.noDelay`, `keepAlive` as true or false (not with TLS), `sendBufferBytes` and
 * `receiveBufferBytes`; of `tls` it understands `ca` (with `systemCa: true`, since Deno always trusts its own), `cert` and
 * `key`, all of them as text in PEM, `alpnProtocols` and `serverName`. What else is asked for is refused by name.
 * `connection.tls` is undefined and there is no event `tlsServerAuthentication`: Deno does not show the certificate.
 */
export const tcp: Transport = createTcp();

/**
 * The same, with another transport for what Deno's own connections do not have, such as that of `@rivulet/node` over
 * `node:net` and `node:tls`: all TLS, proxies, and the other options for sockets.
 *
 * @example
 * ```ts
 * import { createTcp } from "@rivulet/deno";
 * import { tcp as viaNode } from "@rivulet/node";
 *
 * const tcp = createTcp(viaNode);
 * console.log(tcp.schemes.includes("mqtts:")); // true
 * ```
 */
export function createTcp(other?: Transport): Transport {
  return {
    schemes: ["mqtt:", "tcp:", "mqtts:", "ssl:", "tls:", "mqtt+unix:"],
    async open(target, options, context) {
      const missing = findMissing(target, options);
      if (other !== undefined && (missing !== undefined || isTls(target))) return other.open(target, options, context);
      if (missing !== undefined) throw missing;
      return openNatively(target, options, context);
    },
  };
}

async function openNatively(
  target: TransportTarget,
  options: TransportOptions,
  context: TransportContext,
): Promise<Duplex> {
  const socket = readSocketOptions(options.socket);
  const { signal } = context;
  signal.throwIfAborted();
  context.report("connecting");
  if (target.scheme === "mqtt+unix:") {
    const conn = await connectUnix(target, signal);
    const info = { transport: "unix", url: target.address };
    return finish(conn, { context }, () => new ConnDuplex(conn, unixPath(target), info, socket));
  }
  const secured = isTls(target);
  const conn = secured
    ? await openTls(target, options.tls ?? {}, { noDelay: socket.noDelay, signal })
    : await connectTcp(target, signal);
  if ("setNoDelay" in conn) {
    conn.setNoDelay(socket.noDelay);
    conn.setKeepAlive(socket.keepAlive);
  }
  const { localAddr, remoteAddr } = conn;
  const info = {
    transport: secured ? "tls" : "tcp",
    url: target.address,
    localAddress: localAddr.hostname,
    localPort: localAddr.port,
    remoteAddress: remoteAddr.hostname,
    remotePort: remoteAddr.port,
  };
  return finish(conn, { context, isSecured: secured }, () => new ConnDuplex(conn, formatAddress(target), info, socket));
}

/** Whoever is told that it is connected may abort. */
function finish(
  conn: Deno.Conn,
  { context, isSecured = false }: { readonly context: TransportContext; readonly isSecured?: boolean },
  create: () => Duplex,
): Duplex {
  try {
    if (isSecured) context.report("secured", undefined, "tls");
    context.report("connected", undefined, "host");
    context.signal.throwIfAborted();
    return create();
  } catch (error) {
    conn.close();
    throw error;
  }
}
