import { connect, type Socket, type SocketInfo } from "cloudflare:sockets";
import type { ConnectionInfo, Transport, TransportTarget } from "@rivulet/engine";
import { checkOptions } from "./check-options.ts";
import { connectError, formatAddress } from "./socket-errors.ts";
import { WorkerDuplex } from "./worker-duplex.ts";

const plain: readonly string[] = ["mqtt:", "tcp:"];
const secured: readonly string[] = ["mqtts:", "ssl:", "tls:"];

/**
 * MQTT over TCP and TLS in Cloudflare Workers, through `cloudflare:sockets`: the schemes `mqtt:` and `tcp:`, and `mqtts:`,
 * `ssl:` and `tls:`.
 *
 * Whom TLS trusts is the runtime's affair, as are the sockets' settings: options for them are refused. Options for other
 * kinds of transport are left to them, since they may belong to another URL of the same list.
 */
export const tcp: Transport = {
  schemes: [...plain, ...secured],
  async open(target, options, context) {
    const { signal } = context;
    const isSecure = secured.includes(target.scheme);
    checkOptions(options, isSecure);
    context.report("connecting");
    signal.throwIfAborted(); // Whoever is told so may abort.
    const { socket, opened } = await openSocket(target, isSecure, signal);
    if (isSecure) context.report("secured", undefined, "tls");
    context.report("connected", undefined, "host");
    return new WorkerDuplex(socket, formatAddress(target), connectionInfo(target, opened));
  },
};

async function openSocket(
  { hostname, port }: TransportTarget,
  isSecure: boolean,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly opened: SocketInfo }> {
  let socket: Socket | undefined;
  let onAbort: (() => void) | undefined;
  try {
    // It throws for what is no address at all.
    socket = connect({ hostname, port }, { secureTransport: isSecure ? "on" : "off", allowHalfOpen: true });
    socket.closed.catch(ignore);
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        reject(new Error("aborted"));
      };
      signal.addEventListener("abort", onAbort);
    });
    const opened = await Promise.race([socket.opened, aborted]);
    return { socket, opened };
  } catch (cause) {
    if (socket) abandon(socket);
    signal.throwIfAborted();
    throw connectError(formatAddress({ hostname, port }), cause);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}

/** Seen in workerd: a socket that is closed while it connects may open all the same, and stay until the request ends. */
function abandon(socket: Socket): void {
  const close = (): unknown => socket.close().catch(ignore);
  close();
  socket.opened.then(close, ignore);
}

function connectionInfo({ address }: TransportTarget, { remoteAddress, localAddress }: SocketInfo): ConnectionInfo {
  const [remoteHost, remotePort] = split(remoteAddress);
  const [localHost, localPort] = split(localAddress);
  return { transport: "tcp", url: address, remoteAddress: remoteHost, remotePort, localAddress: localHost, localPort };
}

/** Takes apart an address with a port; not every version of the runtime tells any. */
function split(address: string | null | undefined): [host: string | undefined, port: number | undefined] {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(address ?? "");
  return match === null ? [undefined, undefined] : [match[1], Number(match[2])];
}

function ignore(): void {}
