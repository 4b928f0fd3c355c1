import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { PatternReceiver } from "../../engine/testing/pattern-receiver.ts";
import { patternBytes } from "../../engine/testing/pattern.ts";
import { AcceptQueue } from "../../engine/testing/accept-queue.ts";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";

/** Where a scripted server listens. Default: 127.0.0.1. */
export interface TcpPeerOptions {
  readonly hostname?: string;
  /** A Unix socket instead. */
  readonly path?: string;
  /** PEM, for a server with TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A scripted TCP server on a free port of the loopback interface, or one on a Unix socket. */
export async function startTcpPeer(options: TcpPeerOptions = {}): Promise<Peer> {
  const { hostname = "127.0.0.1", path, tls } = options;
  const accepted = new AcceptQueue<PeerConnection>();
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    socket.on("error", ignore); // A reset is one of the scenarios; `close` follows.
    // TLS has the ends of the socket below it.
    const carrier = [...sockets].find(({ remotePort }) => remotePort === socket.remotePort) ?? socket;
    accepted.push(new TcpPeerConnection(socket, carrier));
  };
  const server: Server =
    tls === undefined ? createServer(common, accept) : createTlsServer({ ...common, ...tls }, accept);
  server.prependListener("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", ignore);
    socket.on("close", () => {
      sockets.delete(socket);
    });
  });
  server.on("tlsClientError", ignore); // A handshake that the client has broken off.
  server.listen(path === undefined ? { port: 0, host: hostname } : { path });
  await once(server, "listening");
  return {
    target: path === undefined ? tcpTarget(server, tls === undefined ? "mqtt:" : "mqtts:") : unixTarget(path),
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

const common = { allowHalfOpen: true, noDelay: true };

function tcpTarget(server: Server, scheme: string): Peer["target"] {
  const { address: hostname, port } = server.address() as AddressInfo;
  const url = `${scheme}//${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return { url, address: url, scheme, hostname, port, path: "/" };
}

function unixTarget(path: string): Peer["target"] {
  const url = `mqtt+unix://${encodeURI(path)}`;
  return { url, address: url, scheme: "mqtt+unix:", hostname: "", port: 0, path: encodeURI(path) };
}

class TcpPeerConnection implements PeerConnection {
  readonly #socket: Socket;
  readonly #carrier: Socket;
  readonly #received = new PatternReceiver();
  readonly #ended: Promise<void>;
  #sent = 0;

  constructor(socket: Socket, carrier: Socket) {
    this.#socket = socket;
    this.#carrier = carrier;
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
    // A Unix socket that goes with bytes in it that were not read does as much.
    if (this.#carrier.remotePort === undefined) this.#carrier.destroy();
    else this.#carrier.resetAndDestroy();
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
