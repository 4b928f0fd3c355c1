import type { Socket } from "node:net";
import { proxyClosed, proxyLost } from "./proxy-errors.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";

export interface AnswerReader {
  readonly proxy: ResolvedProxy;
  readonly signal: AbortSignal;
  /** Called once it is being listened: asks the proxy. */
  ask(): void;
  /** Takes bytes. Returns those behind the answer when it has the whole of it; throws when it is none. */
  take(bytes: Buffer): Buffer | undefined;
}

/**
 * Reads what a proxy answers, and not a byte more: what follows is put back, for whoever takes the socket over. It has
 * never flowed, so that the next listener for `data` starts it; and its end, if it has come already, is still to be told.
 *
 * Rejects with what `take` throws, with a TransportError when the proxy goes away, or with the signal's reason. The
 * socket is destroyed then.
 */
export function readAnswer(socket: Socket, reader: AnswerReader): Promise<void> {
  const { proxy, signal } = reader;
  return new Promise((resolve, reject) => {
    const stopListening = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("readable", onReadable);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
    };
    const fail = (error: unknown): void => {
      stopListening();
      socket.on("error", ignore);
      socket.destroy();
      reject(error);
    };
    const onReadable = (): void => {
      try {
        for (let bytes = readAll(socket); bytes !== null; bytes = readAll(socket)) {
          const rest = reader.take(bytes);
          if (rest === undefined) continue;
          if (rest.length > 0) socket.unshift(rest);
          stopListening();
          resolve();
          return;
        }
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = (): void => fail(proxyClosed(proxy));
    const onError = (error: Error): void => fail(proxyLost(proxy, error));
    const onAbort = (): void => fail(signal.reason);

    if (signal.aborted) {
      onAbort();
      return;
    }
    if (socket.destroyed) {
      fail(socket.errored ? proxyLost(proxy, socket.errored) : proxyClosed(proxy));
      return;
    }
    signal.addEventListener("abort", onAbort);
    socket.on("readable", onReadable);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
    try {
      reader.ask();
    } catch (error) {
      fail(error);
    }
  });
}

/** By its length where there is something: reading without one would tell the end in the same go, to nobody. */
function readAll(socket: Socket): Buffer | null {
  const length = socket.readableLength;
  return (length > 0 ? socket.read(length) : socket.read()) as Buffer | null; // without an encoding
}

function ignore(): void {}
