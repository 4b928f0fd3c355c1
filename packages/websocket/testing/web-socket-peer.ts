import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { AcceptQueue } from "../../engine/testing/accept-queue.ts";
import { PatternReceiver } from "../../engine/testing/pattern-receiver.ts";
import { patternBytes } from "../../engine/testing/pattern.ts";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";

export interface WebSocketPeerOptions {
  /** Takes connections and never answers the upgrade. */
  readonly mute?: boolean;
  /** The subprotocol to choose, whatever is offered; `false` for none. Default: `"mqtt"`. */
  readonly subprotocol?: string | false;
}

export interface WebSocketPeer extends Peer {
  accept(): Promise<WebSocketPeerConnection>;
}

/** A scripted WebSocket server on a free port of the loopback interface. */
export async function startWebSocketPeer(options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> {
  const accepted = new AcceptQueue<WebSocketPeerConnection>();
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
    });
    socket.on("error", ignore); // A reset is one of the scenarios; `close` follows.
  });
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => options.subprotocol ?? "mqtt" });
  server.on("upgrade", (request, socket, head) => {
    if (options.mute === true) {
      socket.on("end", () => socket.end()).resume();
      accepted.push(new WebSocketPeerConnection(undefined, request.socket));
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      accepted.push(new WebSocketPeerConnection(webSocket, request.socket, request.headers));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/mqtt`;
  return {
    target: { url, address: url, scheme: "ws:", hostname: "127.0.0.1", port, path: "/mqtt" },
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

export class WebSocketPeerConnection implements PeerConnection {
  /** The headers of the upgrade request. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Absent while the server is mute. */
  readonly webSocket: WebSocket | undefined;
  /** One entry for each message that has come: its size. */
  readonly messageSizes: number[] = [];
  readonly #socket: Socket;
  readonly #received = new PatternReceiver();
  readonly #ended: Promise<void>;
  #sent = 0;

  constructor(
    webSocket: WebSocket | undefined,
    socket: Socket,
    headers: Readonly<Record<string, string | string[] | undefined>> = {},
  ) {
    this.webSocket = webSocket;
    this.headers = headers;
    this.#socket = socket;
    webSocket?.on("message", (data: Buffer) => {
      this.messageSizes.push(data.byteLength);
      this.#received.push(data);
    });
    webSocket?.on("error", ignore);
    this.#ended = new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
      });
    });
  }

  async sendPattern(count: number, chunkBytes: number): Promise<void> {
    const end = this.#sent + count;
    while (this.#sent < end) {
      const chunk = patternBytes(this.#sent, Math.min(chunkBytes, end - this.#sent));
      await new Promise<void>((resolve, reject) => {
        this.webSocket?.send(chunk, (error) => {
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
    this.webSocket?.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.webSocket?.resume();
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.webSocket?.close(1000);
    return Promise.resolve();
  }

  reset(): Promise<void> {
    this.#socket.resetAndDestroy();
    return Promise.resolve();
  }

  whenEnded(): Promise<void> {
    return this.#ended;
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
