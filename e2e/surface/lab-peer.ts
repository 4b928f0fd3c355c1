import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import {
  Decoder,
  encode,
  type ConnackPacket,
  type ConnectPacket,
  type ControlPacket,
  type ControlPacketInput,
  type PacketOf,
  type PacketType,
} from "@rivulet/codec";
import { WebSocketServer, type WebSocket } from "ws";

import { parseClientHello, type ClientHello } from "../options/client-hello.ts";
import { Exposed, Waiting } from "./exposed.ts";
import type { Agreed, Peer, PeerConnection, PeerOptions, Received } from "./lab-calls.ts";
import { agreedOn, type ServerTls } from "./lab-tls.ts";

/** Options with what goes with the certificate that was named. */
export interface ScriptedPeerOptions extends Omit<PeerOptions, "tls"> {
  readonly tls?: ServerTls;
}

/** A server whose connections a check scripts. */
export class ScriptedPeer extends Exposed implements Omit<Peer, "host" | "port"> {
  readonly #options: ScriptedPeerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #connections: ScriptedConnection[] = [];
  readonly #refusals: string[] = [];
  /** By the client's port, in the order in which they came. */
  readonly #hellos = new Map<number | undefined, Buffer>();
  readonly #waiting = new Waiting();
  #current = 0;

  constructor(options: ScriptedPeerOptions) {
    super();
    this.#options = options;
    this.#server = createServer({ noDelay: true });
  }

  static async start(options: ScriptedPeerOptions): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(options);
    await peer.#listen();
    return peer;
  }

  async #listen(): Promise<void> {
    const { transport, address = "127.0.0.1", name = address, tls } = this.#options;
    const serve = transport === "ws" ? this.#webSocketServer() : (socket: Socket) => this.#add({ socket });
    const secure = tls === undefined ? undefined : this.#tlsServer(tls, serve);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", ignore); // `close` follows.
      if (secure === undefined) serve(socket);
      else secure(socket);
    });
    this.#server.listen(0, address);
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo; // listening on TCP
    const scheme = { tcp: "", ws: tls === undefined ? "ws://" : "wss://" }[transport ?? "tcp"];
    this.fields = { host: `${scheme}${scheme !== "" && name.includes(":") ? `[${name}]` : name}`, port };
  }

  /** Hands each connection on when it is at TLS; what the client said first is kept. */
  #tlsServer(tls: ServerTls, serve: (socket: Socket) => void): (socket: Socket) => void {
    const server = createTlsServer(tls.options, (socket: TLSSocket) => {
      socket.on("error", ignore);
      Object.assign(socket, { [helloOf]: this.#hellos.get(socket.remotePort) });
      serve(socket);
    });
    server.on("OCSPRequest", (_certificate: unknown, _issuer: unknown, answer: (error: null, bytes?: Buffer) => void) =>
      answer(null, tls.stapledAnswer),
    );
    server.on("tlsClientError", ({ message }: Error) => {
      this.#refusals.push(message);
      this.#waiting.notify();
    });
    return (socket) => {
      let first = Buffer.alloc(0);
      const gather = (chunk: Buffer): void => {
        first = Buffer.concat([first, chunk]);
        if (first.length < 5 || first.length < 5 + first.readUInt16BE(3)) return;
        socket.off("data", gather);
        socket.pause();
        this.#hellos.set(socket.remotePort, first);
        this.#waiting.notify();
        socket.unshift(first);
        server.emit("connection", socket);
      };
      socket.on("data", gather);
    };
  }

  #webSocketServer(): (socket: Socket) => void {
    const { subprotocol = "mqtt", isMute, refusesUpgrade } = this.#options;
    const server = createHttpServer();
    const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol });
    server.on("upgrade", (request, socket, head) => {
      const carrier = request.socket;
      if (isMute) this.#add({ socket: carrier, request });
      else if (refusesUpgrade !== undefined) socket.end(`HTTP/1.1 ${refusesUpgrade} No\r\ncontent-length: 0\r\n\r\n`);
      else {
        webSockets.handleUpgrade(request, socket, head, (webSocket) =>
          this.#add({ socket: carrier, request, webSocket }),
        );
      }
    });
    return (socket) => server.emit("connection", socket);
  }

  #add(parts: Omit<ConnectionParts, "carrier">): void {
    // TLS has the ends of the socket below it.
    const carrier = [...this.#sockets].find(({ remotePort }) => remotePort === parts.socket.remotePort);
    this.#connections.push(new ScriptedConnection({ ...parts, carrier: carrier ?? parts.socket }, this.#options));
    this.#waiting.notify();
  }

  async connection(index: number): Promise<ScriptedConnection> {
    return this.#waiting.for(() => this.#connections[index]);
  }

  nextConnection(): Promise<ScriptedConnection> {
    return this.connection(++this.#current);
  }

  connectionCount(): Promise<number> {
    return Promise.resolve(this.#connections.length);
  }

  refusal(): Promise<string> {
    return this.#waiting.for(() => this.#refusals.shift());
  }

  override async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  // What a connection does, of the current one.

  async client(): ReturnType<PeerConnection["client"]> {
    return (await this.connection(this.#current)).client();
  }

  async headers(): ReturnType<PeerConnection["headers"]> {
    return (await this.connection(this.#current)).headers();
  }

  async next<Type extends PacketType>(type?: Type): Promise<Received<PacketOf<Type>>> {
    return (await this.connection(this.#current)).next(type);
  }

  async waiting(): Promise<Received[]> {
    return (await this.connection(this.#current)).waiting();
  }

  async accept(connack?: Partial<Omit<ConnackPacket, "type">>): Promise<Received<ConnectPacket>> {
    return (await this.connection(this.#current)).accept(connack);
  }

  async send(...packets: readonly ControlPacketInput[]): Promise<void> {
    return (await this.connection(this.#current)).send(...packets);
  }

  async sendHex(hex: string): Promise<void> {
    return (await this.connection(this.#current)).sendHex(hex);
  }

  async sendText(text: string): Promise<void> {
    return (await this.connection(this.#current)).sendText(text);
  }

  async bytes(): Promise<string> {
    return (await this.connection(this.#current)).bytes();
  }

  async count(): Promise<number> {
    return (await this.connection(this.#current)).count();
  }

  async unsent(): Promise<number> {
    return (await this.connection(this.#current)).unsent();
  }

  async chunks(): ReturnType<PeerConnection["chunks"]> {
    return (await this.connection(this.#current)).chunks();
  }

  async pause(): Promise<void> {
    return (await this.connection(this.#current)).pause();
  }

  async resume(): Promise<void> {
    return (await this.connection(this.#current)).resume();
  }

  async end(status?: number): Promise<void> {
    return (await this.connection(this.#current)).end(status);
  }

  async reset(): Promise<void> {
    return (await this.connection(this.#current)).reset();
  }

  async ended(): Promise<"end" | "reset"> {
    return (await this.connection(this.#current)).ended();
  }

  async hello(): Promise<ClientHello> {
    return parseClientHello(await this.#waiting.for(() => [...this.#hellos.values()].at(-1)));
  }

  async agreed(): Promise<Agreed> {
    return (await this.connection(this.#current)).agreed();
  }
}

interface ConnectionParts {
  /** Decrypted. */
  readonly socket: Socket;
  /** As it came in. */
  readonly carrier: Socket;
  readonly request?: IncomingMessage;
  readonly webSocket?: WebSocket;
}

const helloOf = Symbol("hello");

class ScriptedConnection extends Exposed implements PeerConnection {
  readonly #socket: Socket;
  readonly #carrier: Socket;
  readonly #webSocket: WebSocket | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #client: Awaited<ReturnType<PeerConnection["client"]>>;
  readonly #decoder = new Decoder();
  readonly #answers: ReadonlySet<PacketType>;
  readonly #chunks: { readonly atMs: number; readonly bytes: Buffer }[] = [];
  /** Bytes that belong to packets that are not complete. */
  #undecoded: Buffer = Buffer.alloc(0);
  readonly #packets: Received[] = [];
  readonly #waiting = new Waiting();
  #ending: "end" | "reset" | undefined;

  constructor({ socket, carrier, request, webSocket }: ConnectionParts, options: ScriptedPeerOptions) {
    super();
    this.#socket = socket;
    this.#carrier = carrier;
    this.#webSocket = webSocket;
    const { remoteAddress = "", remotePort = 0, localAddress = "" } = socket;
    this.#client = { address: remoteAddress, port: remotePort, localAddress };
    const headers = Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]);
    this.#headers = Object.fromEntries(headers) as Record<string, string>;
    const { answers = ["pingreq"] } = options;
    this.#answers = new Set(answers === true ? allAnswers : answers === false ? [] : answers);
    if (webSocket === undefined) socket.on("data", (chunk: Buffer) => this.#take(chunk));
    else webSocket.on("message", (data: Buffer) => this.#take(data));
    webSocket?.on("close", (code) => this.#over(code === 1006 ? "reset" : "end"));
    webSocket?.on("error", ignore);
    socket.on("end", () => {
      if (webSocket === undefined) this.#over("end");
    });
    socket.on("close", () => this.#over("reset"));
    if (options.isPaused) void this.pause();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push({ atMs: performance.now(), bytes: chunk });
    this.#undecoded = Buffer.concat([this.#undecoded, chunk]);
    try {
      this.#decoder.decode(chunk, (packet, byteLength) => {
        const hex = this.#undecoded.subarray(0, byteLength).toString("hex");
        this.#undecoded = this.#undecoded.subarray(byteLength);
        this.#packets.push({ ...packet, hex });
        if (this.#answers.has(packet.type)) void this.send(...answerTo(packet, this.#decoder.version));
      });
    } catch (error) {
      this.#waiting.fail(error as Error);
    }
    this.#waiting.notify();
  }

  #over(how: "end" | "reset"): void {
    this.#ending ??= how;
    const does = { end: "ended", reset: "dropped" }[this.#ending];
    this.#waiting.fail(new Error(`The connection was ${does} before that came`));
  }

  client(): ReturnType<PeerConnection["client"]> {
    return Promise.resolve(this.#client);
  }

  headers(): ReturnType<PeerConnection["headers"]> {
    return Promise.resolve(this.#headers);
  }

  async next<Type extends PacketType>(type?: Type): Promise<Received<PacketOf<Type>>> {
    const packet = await this.#waiting.for(() => {
      const index = this.#packets.findIndex((each) => type === undefined || each.type === type);
      return index < 0 ? undefined : this.#packets.splice(index, 1)[0];
    });
    return packet as Received<PacketOf<Type>>; // It is of that type.
  }

  waiting(): Promise<Received[]> {
    return Promise.resolve([...this.#packets]);
  }

  async accept(connack: Partial<Omit<ConnackPacket, "type">> = {}): Promise<Received<ConnectPacket>> {
    const connect = await this.next("connect");
    await this.send({ type: "connack", ...connack });
    return connect;
  }

  async send(...packets: readonly ControlPacketInput[]): Promise<void> {
    for (const packet of packets) await this.#write(encode(packet, this.#decoder.version));
  }

  sendHex(hex: string): Promise<void> {
    return this.#write(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
  }

  sendText(text: string): Promise<void> {
    return this.#write(text);
  }

  /** Resolves when it is handed over; whoever takes nothing does not hold it up. */
  #write(data: Uint8Array | string): Promise<void> {
    if (this.#webSocket === undefined) this.#socket.write(data);
    else this.#webSocket.send(data);
    return Promise.resolve();
  }

  bytes(): Promise<string> {
    return Promise.resolve(Buffer.concat(this.#chunks.map(({ bytes }) => bytes)).toString("hex"));
  }

  unsent(): Promise<number> {
    return Promise.resolve(this.#socket.writableLength);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#chunks.reduce((count, { bytes }) => count + bytes.length, 0));
  }

  chunks(): ReturnType<PeerConnection["chunks"]> {
    return Promise.resolve(this.#chunks.map(({ atMs, bytes }) => ({ atMs, length: bytes.length })));
  }

  pause(): Promise<void> {
    (this.#webSocket ?? this.#socket).pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    (this.#webSocket ?? this.#socket).resume();
    return Promise.resolve();
  }

  end(status = 1000): Promise<void> {
    if (this.#webSocket === undefined) this.#socket.end();
    else this.#webSocket.close(status);
    return Promise.resolve();
  }

  reset(): Promise<void> {
    this.#carrier.resetAndDestroy();
    return Promise.resolve();
  }

  async ended(): Promise<"end" | "reset"> {
    await this.#waiting.for(() => this.#ending);
    return this.#ending ?? "reset";
  }

  hello(): Promise<ClientHello> {
    const hello = (this.#socket as { [helloOf]?: Buffer })[helloOf];
    if (hello === undefined) throw new Error("The connection is without TLS");
    return Promise.resolve(parseClientHello(hello));
  }

  agreed(): Promise<Agreed> {
    if (!("getProtocol" in this.#socket)) throw new Error("The connection is without TLS");
    return Promise.resolve(agreedOn(this.#socket as TLSSocket));
  }
}

const allAnswers = ["connect", "publish", "pubrec", "pubrel", "subscribe", "unsubscribe", "pingreq"] as const;

/** What a server answers that takes everything. */
function answerTo(packet: ControlPacket, version: number): ControlPacketInput[] {
  switch (packet.type) {
    case "connect":
      return [{ type: "connack" }];
    case "publish": {
      const { qos, packetIdentifier = 0 } = packet;
      return qos === 0 ? [] : [{ type: qos === 1 ? "puback" : "pubrec", packetIdentifier }];
    }
    case "pubrec":
      return [{ type: "pubrel", packetIdentifier: packet.packetIdentifier }];
    case "pubrel":
      return [{ type: "pubcomp", packetIdentifier: packet.packetIdentifier }];
    case "subscribe": {
      const reasonCodes = packet.subscriptions.map(({ qos }) => qos);
      return [{ type: "suback", packetIdentifier: packet.packetIdentifier, reasonCodes }];
    }
    case "unsubscribe": {
      const reasonCodes = version === 5 ? packet.topicFilters.map(() => 0) : [];
      return [{ type: "unsuback", packetIdentifier: packet.packetIdentifier, reasonCodes }];
    }
    case "pingreq":
      return [{ type: "pingresp" }];
    default:
      return [];
  }
}

function ignore(): void {}
