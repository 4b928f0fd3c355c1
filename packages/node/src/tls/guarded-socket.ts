import type { TLSSocket } from "node:tls";

/**
 * A socket while TLS is made on it and the server is decided upon: whatever is waited for, the wait ends as soon as the socket
 * fails or closes or the attempt is aborted, and the socket is destroyed then.
 */
export class GuardedSocket {
  readonly socket: TLSSocket;
  readonly #signal: AbortSignal;
  readonly #toError: (cause: unknown) => Error;
  readonly #failed: Promise<never>;
  #fail: (reason: unknown) => void = ignore;

  constructor(socket: TLSSocket, signal: AbortSignal, toError: (cause: unknown) => Error) {
    this.socket = socket;
    this.#signal = signal;
    this.#toError = toError;
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    // Nobody may be waiting when it happens.
    this.#failed.catch(ignore);
    // What comes after `fail` is of no interest, but would end the process; so would an error before the next owner listens.
    socket.on("error", ignore);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** Waits for the end of the handshake. */
  whenSecure(): Promise<void> {
    const secured = new Promise<void>((resolve) => {
      this.socket.once("secureConnect", resolve);
    });
    return this.wait(secured);
  }

  wait<Value>(promise: Promise<Value>): Promise<Value> {
    // The reason first: what comes of a socket that is gone would hide it.
    return Promise.race([this.#failed, promise]);
  }

  /** Gives up: destroys the socket. */
  destroy(): void {
    this.release();
    this.socket.destroy();
  }

  /** Leaves the socket to its next owner. */
  release(): void {
    this.socket.off("error", this.#onError);
    this.socket.off("close", this.#onClose);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  readonly #onError = (error: Error): void => {
    this.#end(this.#toError(error));
  };

  readonly #onClose = (): void => {
    this.#end(this.#toError(new Error("the server has closed the connection")));
  };

  readonly #onAbort = (): void => {
    this.#end(this.#signal.reason);
  };

  #end(reason: unknown): void {
    this.#fail(reason);
    this.destroy();
  }
}

function ignore(): void {}
