import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What it does: carries bytes, refuses connections, or keeps everything to itself without a word. */
export type Mood = "carrying" | "refusing" | "silent";

/** A way to a loopback port, which can become a bad one. */
export class Forwarder {
  mood: Mood = "carrying";
  /** The first line of what each connection asked for, without those that were refused. */
  readonly requests: string[] = [];
  readonly #port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#port = port;
    this.#server = createServer((near) => this.#accept(near));
  }

  /** Resolves to the port that it listens on. */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port; // Listening on TCP.
  }

  /** Ends the connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #accept(near: Socket): void {
    if (this.mood === "refusing") {
      near.resetAndDestroy();
      return;
    }
    near.once("data", (chunk: Buffer) => this.requests.push(chunk.toString("latin1").split("\r\n", 1).join("")));
    const far = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (chunk: Uint8Array) => {
      if (this.mood !== "silent") to.write(chunk);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
