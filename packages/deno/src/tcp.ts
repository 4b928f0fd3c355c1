import type { Duplex, Transport, TransportTarget } from "@rivulet/engine";
import { ConnDuplex } from "./conn-duplex.ts";
import { connectError, formatAddress } from "./conn-errors.ts";
import { readSocketOptions } from "./socket-options.ts";

/**
 * MQTT over TCP, through `Deno.connect`: the schemes `mqtt:` and `tcp:`. Needs the permission `--allow-net` for the
 * server's host and port.
 *
 * It understands `socket.noDelay`. Options for other kinds of transport are left to them, since they may belong to
 * another URL of the same list.
 */
export const tcp: Transport = {
  schemes: ["mqtt:", "tcp:"],
  async open(target, options, context) {
    const { noDelay } = readSocketOptions(options.socket);
    context.signal.throwIfAborted();
    context.report("connecting");
    const conn = await connect(target, context.signal);
    context.report("connected");
    return createDuplex(conn, target, noDelay);
  },
};

async function connect(target: TransportTarget, signal: AbortSignal): Promise<Deno.TcpConn> {
  // A signal of our own: Deno's would go on after the connection is made, and close it.
  const attempt = new AbortController();
  const onAbort = (): void => {
    attempt.abort(signal.reason);
  };
  signal.addEventListener("abort", onAbort);
  try {
    const conn = await Deno.connect({ hostname: target.hostname, port: target.port, signal: attempt.signal });
    if (signal.aborted) conn.close();
    signal.throwIfAborted();
    return conn;
  } catch (cause) {
    signal.throwIfAborted();
    throw connectError(formatAddress(target), cause);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function createDuplex(conn: Deno.TcpConn, target: TransportTarget, noDelay: boolean): Duplex {
  conn.setNoDelay(noDelay);
  return new ConnDuplex(conn, formatAddress(target), {
    transport: "tcp",
    url: target.address,
    localAddress: conn.localAddr.hostname,
    localPort: conn.localAddr.port,
    remoteAddress: conn.remoteAddr.hostname,
    remotePort: conn.remoteAddr.port,
  });
}
