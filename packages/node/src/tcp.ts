import { connect, type Socket } from "node:net";
import type { ConnectionInfo, Duplex, Transport, TransportTarget } from "@rivulet/engine";
import { SocketDuplex } from "./socket-duplex.ts";
import { connectError, formatAddress } from "./socket-errors.ts";
import { readSocketOptions } from "./socket-options.ts";

/**
 * MQTT over TCP, through `node:net`: the schemes `mqtt:` and `tcp:`.
 *
 * It understands `socket.noDelay`. Options for other kinds of transport are left to them, since they may belong to
 * another URL of the same list.
 *
 * @example
 * ```ts
 * import { tcp } from "@rivulet/node";
 *
 * console.log(tcp.schemes); // ["mqtt:", "tcp:"]
 * ```
 */
export const tcp: Transport = {
  schemes: ["mqtt:", "tcp:"],
  async open(target, options, context) {
    const { noDelay } = readSocketOptions(options.socket);
    context.signal.throwIfAborted();
    context.report("connecting");
    const duplex = await openSocket(target, noDelay, context.signal);
    context.report("connected");
    return duplex;
  },
};

function openSocket(target: TransportTarget, noDelay: boolean, signal: AbortSignal): Promise<Duplex> {
  const address = formatAddress(target);
  return new Promise((resolve, reject) => {
    // Half-open, because the server may end its side before it has read all of ours.
    const socket = connect({ host: target.hostname, port: target.port, noDelay, allowHalfOpen: true });
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect);
      socket.off("error", onError);
    };
    const onConnect = (): void => {
      settle();
      // In the same turn, so that no event of the socket is missed.
      resolve(new SocketDuplex(socket, address, connectionInfo(target, socket)));
    };
    const onError = (error: Error): void => {
      settle();
      socket.destroy();
      reject(connectError(address, error));
    };
    const onAbort = (): void => {
      settle();
      socket.on("error", ignore);
      socket.destroy();
      const reason: unknown = signal.reason;
      reject(reason);
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    signal.addEventListener("abort", onAbort);
  });
}

function connectionInfo(target: TransportTarget, socket: Socket): ConnectionInfo {
  return {
    transport: "tcp",
    url: target.address,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    remoteAddress: socket.remoteAddress,
    remotePort: socket.remotePort,
  };
}

function ignore(): void {}
