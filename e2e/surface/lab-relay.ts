import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { Exposed } from "./exposed.ts";
import type { Relay } from "./lab-calls.ts";

type Direction = Parameters<Relay["damageNext"]>[0];

/** Passes on what comes, but for a byte when it is told so. */
export class DamagingRelay extends Exposed implements Omit<Relay, "host" | "port"> {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #damaged: Direction | undefined;

  constructor(port: number) {
    super();
    this.#server = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      this.#pass(client, server, "toServer");
      this.#pass(server, client, "toClient");
    });
  }

  /** In front of that port of this machine. */
  static async start(port: number): Promise<DamagingRelay> {
    const relay = new DamagingRelay(port);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    const address = relay.#server.address() as AddressInfo; // listening on TCP
    relay.fields = { host: "127.0.0.1", port: address.port };
    return relay;
  }

  damageNext(direction: Direction): Promise<void> {
    this.#damaged = direction;
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
    from.on("end", () => to.end());
    from.on("data", (bytes: Buffer) => {
      if (this.#damaged === direction) {
        this.#damaged = undefined;
        // The last byte is one of the content, wherever the lengths are.
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      }
      to.write(bytes);
    });
  }
}
