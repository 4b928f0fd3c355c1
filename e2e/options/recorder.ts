import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";

/** What a recorder saw of one connection. */
export interface Recorded {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Their own port here: for `ss`. */
  readonly localPort: number | undefined;
  /** All that the client sent, in the pieces in which it came. */
  readonly chunks: { readonly atMs: number; readonly bytes: Uint8Array }[];
  /** How the client ended it; undefined while it has not. */
  ending: "end" | "reset" | undefined;
  /** Settles when the client has ended it. */
  readonly ended: Promise<void>;
  /** What TLS agreed on, where the recorder is at its end. */
  readonly tls?: {
    readonly protocol: string | null;
    readonly cipher: string;
    readonly serverName: string | undefined;
    readonly alpn: string | undefined;
    readonly isReused: boolean;
    readonly clientCertificate: string | undefined;
  };
}

export interface Recorder {
  readonly port: number;
  readonly connections: readonly Recorded[];
  /** Connections of which TLS never came about, with what the server's side says. */
  readonly refusals: readonly string[];
  /** Called whenever a client has sent something. */
  onData: (() => void) | undefined;
  close(): Promise<void>;
}

export interface RecorderOptions {
  /** Where what comes in goes on to. */
  readonly to: number;
  /** Makes it the server's end of TLS, with what it staples to its certificate. */
  readonly tls?: TlsOptions & { readonly stapledAnswer?: Buffer };
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Sees the bytes of a connection that TLS is on. */
  readonly path?: string;
}

/** A server that passes everything on, and remembers what the client did. */
export async function startRecorder({ to, tls, host = "127.0.0.1", path }: RecorderOptions): Promise<Recorder> {
  const connections: Recorded[] = [];
  const refusals: string[] = [];
  const sockets = new Set<Socket>();
  const handle = (socket: Socket): void => {
    sockets.add(socket);
    connections.push(record(socket));
    socket.on("data", () => recorder.onData?.());
    pass(socket, to, sockets);
  };
  const server: Server =
    tls === undefined ? createServer({ allowHalfOpen: true }, handle) : createTlsServer(tls, handle);
  server.on("OCSPRequest", (_certificate: unknown, _issuer: unknown, answer: (error: null, bytes?: Buffer) => void) =>
    answer(null, tls?.stapledAnswer),
  );
  server.on("tlsClientError", (error: Error) => refusals.push(error.message));
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if (path === undefined) server.listen(0, host, resolve);
    else server.listen(path, resolve);
  });
  const address = server.address();
  const recorder: Recorder = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections,
    refusals,
    onData: undefined,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return recorder;
}

function record(socket: Socket): Recorded {
  const { remoteAddress, remotePort, localPort } = socket;
  let resolveEnded: () => void;
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  const recorded: Recorded = {
    ...{ remoteAddress, remotePort, localPort, chunks: [], ending: undefined, ended },
    ...("getProtocol" in socket && { tls: tlsOf(socket as TLSSocket) }),
  };
  const end = (how: "end" | "reset"): void => {
    recorded.ending ??= how;
    resolveEnded();
  };
  socket.on("data", (bytes: Uint8Array) => recorded.chunks.push({ atMs: performance.now(), bytes }));
  socket.on("end", () => end("end"));
  socket.on("error", () => end("reset"));
  socket.on("close", () => end("reset"));
  return recorded;
}

function tlsOf(socket: TLSSocket): NonNullable<Recorded["tls"]> {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  const { subject } = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().standardName,
    serverName: servername || undefined,
    alpn: socket.alpnProtocol || undefined,
    isReused: socket.isSessionReused(),
    // There is none when the client has shown none.
    clientCertificate: (subject as typeof subject | undefined)?.CN as string | undefined,
  };
}

function pass(socket: Socket, to: number, sockets: Set<Socket>): void {
  const onward = connect({ host: "127.0.0.1", port: to, noDelay: true, allowHalfOpen: true });
  sockets.add(onward);
  socket.setNoDelay(true);
  socket.pipe(onward);
  onward.pipe(socket);
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
  socket.on("close", () => onward.destroy());
}
