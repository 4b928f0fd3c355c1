import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { PatternReceiver } from "../../engine/testing/pattern-receiver.ts";
import { patternBytes } from "../../engine/testing/pattern.ts";
import { AcceptQueue } from "../../engine/testing/accept-queue.ts";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";

/** A scripted TCP server on a free port of the loopback interface. */
export async function startTcpPeer(): Promise<Peer> {
  const accepted = new AcceptQueue<PeerConnection>();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
    });
    socket.on("error", ignore); // A reset is one of the scenarios; `close` follows.
    accepted.push(new TcpPeerConnection(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    target: {
      url: `mqtt://127.0.0.1:${port}`,
      address: `mqtt://127.0.0.1:${port}`,
      scheme: "mqtt:",
      hostname: "127.0.0.1",
      port,
      path: "/",
    },
    accept: () => accepted.next(),
    whenIdle: async () => {
      while (sockets.size > 0) await Promise.all([...sockets].map((socket) => whenClosed(socket)));
    },
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

class TcpPeerConnection implements PeerConnection {
  readonly #socket: Socket;
  readonly #received = new PatternReceiver();
  readonly #ended: Promise<void>;
  #sent = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#received.push(chunk);
    });
    this.#ended = new Promise((resolve) => {
      socket.on("end", resolve);
      socket.on("close", resolve);
    });
  }

  async sendPattern(count: number, chunkBytes: number): Promise<void> {
    const end = this.#sent + count;
    while (this.#sent < end) {
      const chunk = patternBytes(this.#sent, Math.min(chunkBytes, end - this.#sent));
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(chunk, (error) => {
          if (error) reject(error);
          else resolve();
        });
      });
      this.#sent += chunk.byteLength;
    }
  }

  sentCount(): Promise<number> {
    return Promise.resolve(this.#sent);
  }

  receivePattern(total: number): Promise<void> {
    return this.#received.until(total);
  }

  pause(): Promise<void> {
    this.#socket.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#socket.resume();
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.#socket.end();
    return Promise.resolve();
  }

  reset(): Promise<void> {
    this.#socket.resetAndDestroy();
    return Promise.resolve();
  }

  async whenEnded(): Promise<void> {
    await this.#ended;
    this.#socket.end();
  }
}

/** Unlike `once`, this does not mind an error before. */
function whenClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => {
      resolve();
    });
  });
}

function ignore(): void {}
