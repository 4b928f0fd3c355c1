import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What one connection consists of; with neither TLS nor a limit to the rate all three are the same. */
export interface Layers {
  /** What is used, and closed. */
  readonly top: Duplex;
  /** The socket, with its TLS. */
  readonly socket: Socket;
  /** The TCP socket at the bottom. */
  readonly carrier: Socket;
}

/**
 * Makes a connection close as the option `socket.linger` says, whoever closes it: a `SocketDuplex`, a WebSocket, TLS. The
 * platform has no option for it, only the reset.
 */
export function setLinger(layers: Layers, linger: false | number): void {
  if (linger === false) resetWhenDestroyed(layers);
  else resetAfterEnd(layers, linger * 1000);
}

function resetWhenDestroyed({ socket, carrier }: Layers): void {
  const destroy = carrier.destroy.bind(carrier);
  carrier.destroy = (error?: Error): Socket => {
    // From here on it destroys as ever: the reset comes back to it.
    carrier.destroy = destroy;
    // After an error there is nothing left to reset.
    if (error === undefined) reset(socket, carrier);
    else destroy(error);
    return carrier;
  };
}

function resetAfterEnd({ top, socket, carrier }: Layers, delayMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer ??= setTimeout(() => {
      // Nothing else would tell why it has closed.
      top.emit("error", new Error("it had not ended when the time of socket.linger was over"));
      reset(socket, carrier);
    }, delayMs);
  };
  const end = top.end.bind(top) as (...values: readonly unknown[]) => Duplex;
  top.end = (...values: readonly unknown[]): Duplex => {
    if (!top.destroyed) begin();
    return end(...values);
  };
  top.once("close", () => {
    clearTimeout(timer);
  });
}

function reset(socket: Socket, carrier: Socket): void {
  // While the end is on its way to the system, which then has all of the bytes, the platform cannot reset.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  if (carrier.destroyed || isEnding) carrier.destroy();
  else carrier.resetAndDestroy();
}
