import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

import { closeServer, listenOnLoopback } from "../server/free-port.ts";

/** A way to a loopback port that can be cut: whoever is connected through it then loses the connection. */
export class CuttableProxy {
  readonly #sockets = new Set<Socket>();
  #isBlocked = false;
  readonly #server = createServer((near) => {
    if (this.#isBlocked) {
      near.on("error", () => near.destroy()).destroy();
      return;
    }
    const far = connect(this.#port, "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves with the port that it listens on. */
  async listen(): Promise<number> {
    return listenOnLoopback(this.#server, 0);
  }

  /** Ends the connections that there are; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections that there are, and every new one at once, until `unblock`. */
  block(): void {
    this.#isBlocked = true;
    this.cut();
  }

  unblock(): void {
    this.#isBlocked = false;
  }

  async close(): Promise<void> {
    const closed = closeServer(this.#server);
    this.cut();
    await closed;
  }
}
