import { connect, type NetConnectOpts, type Socket } from "node:net";

/**
 * Connects one socket. Whoever takes it over finds a listener for `error` on it, so that none can end the process while
 * the socket is handed on; `closed` and `errored` say whether there was one.
 *
 * @throws the system's error, or the signal's reason. The socket is gone then.
 */
export function connectSocket(options: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(options);
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect);
      socket.off("error", onError);
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      settle();
      socket.destroy();
      const reason: unknown = signal.reason;
      reject(reason);
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    socket.on("error", ignore);
    signal.addEventListener("abort", onAbort);
  });
}

function ignore(): void {}
