/** Scripted peers for tests of proxies: they say what a real proxy never would, and when. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface ScriptedPeer extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open now. */
  readonly openCount: number;
  /** Resolves when no connection is open. */
  whenIdle(): Promise<void>;
}

/** Runs `script` with each connection, with TLS if there is a certificate for it. */
export async function startScripted(
  script: (socket: Socket) => void,
  tls?: { readonly cert: string; readonly key: string },
): Promise<ScriptedPeer> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", ignore);
    socket.on("close", () => sockets.delete(socket));
    socket.on("end", () => socket.end());
  };
  const server =
    tls === undefined
      ? createServer({ allowHalfOpen: true, noDelay: true }, script).on("connection", accept)
      : createTlsServer(tls, (socket) => {
          socket.on("error", ignore); // `close` of what is below follows
          script(socket);
        })
          .on("connection", accept)
          .on("tlsClientError", ignore);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  return {
    port,
    get openCount() {
      return sockets.size;
    },
    whenIdle: async () => {
      // Unlike `once`, this does not mind an error before.
      while (sockets.size > 0) {
        await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.on("close", resolve))));
      }
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A server that greets, and then sends back what it gets. */
export function startEcho(greeting = "hello"): Promise<ScriptedPeer> {
  return startScripted((socket) => {
    socket.write(greeting);
    socket.pipe(socket);
  });
}

/** What a client has sent, read in pieces of known length. */
export class Hearing {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: () => void = ignore;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
  }

  take(length: number): Promise<Buffer> {
    return this.#takeWhen(() => (this.#bytes.length >= length ? length : undefined));
  }

  /** Up to and with `end`. */
  takeUntil(end: string | Uint8Array): Promise<Buffer> {
    const { length } = Buffer.from(end);
    return this.#takeWhen(() => {
      const index = this.#bytes.indexOf(end);
      return index === -1 ? undefined : index + length;
    });
  }

  /** From now on each side gets what the other one sends. */
  async tunnelTo(host: string, port: number): Promise<void> {
    const socket = this.#socket;
    const server = connect({ host, port, allowHalfOpen: true });
    await once(server, "connect");
    server.on("error", () => socket.destroy());
    socket.on("close", () => server.destroy());
    socket.removeAllListeners("data");
    if (this.#bytes.length > 0) server.write(this.#bytes);
    socket.pipe(server).pipe(socket);
  }

  async #takeWhen(lengthOf: () => number | undefined): Promise<Buffer> {
    for (;;) {
      const length = lengthOf();
      if (length !== undefined) {
        const taken = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        return taken;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function ignore(): void {}
