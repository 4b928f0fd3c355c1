import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { TransportTarget } from "@rivulet/engine";

/** A server on a free port of the loopback interface. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** All that has come in, decrypted where the server speaks TLS. */
  readonly received: () => string;
}

/** A server that speaks TLS, through `node:tls`. */
export interface TestTlsServer extends TestServer {
  /** The next connection whose handshake is over; also one that came before it was asked for. */
  accept(): Promise<TLSSocket>;
}

/** Starts a server with `node:tls`; errors of its connections are part of the tests. */
export async function startTlsServer(options: TlsOptions, prepare?: (server: Server) => void): Promise<TestTlsServer> {
  const accepted: TLSSocket[] = [];
  const waiting: ((socket: TLSSocket) => void)[] = [];
  let received = "";
  const server = createTlsServer(options, (socket) => {
    socket.on("error", ignore);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    const next = waiting.shift();
    if (next === undefined) accepted.push(socket);
    else next(socket);
  });
  server.on("tlsClientError", ignore);
  prepare?.(server);
  const { port, close } = await listen(server);
  return {
    port,
    received: () => received,
    accept: () => {
      const socket = accepted.shift();
      return socket === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(socket);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Starts a server that does with each connection what it is told. */
export async function startPlainServer(serve: (socket: Socket) => void): Promise<TestServer> {
  let received = "";
  const server = createServer((socket) => {
    socket.on("error", ignore);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    serve(socket);
  });
  const { port, close } = await listen(server);
  return { port, received: () => received, [Symbol.asyncDispose]: close };
}

async function listen(server: Server): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** A server that is `openssl s_server`, for what `node:tls` does not do. */
export interface OpensslServer extends TestServer {
  /** What is typed at it: a line with `R` alone asks for another handshake, for example. */
  type(text: string): void;
  /** Waits until it has printed that. */
  whenPrinted(pattern: RegExp): Promise<void>;
}

/** Not in the call, where it would pass for a package of ours. */
const executable = "openssl";

export async function startOpensslServer(...args: readonly string[]): Promise<OpensslServer> {
  const child = spawn(executable, ["s_server", "-accept", "127.0.0.1:0", ...args], { stdio: "pipe" });
  let printed = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString("latin1");
      for (const listener of listeners) listener();
    });
  }
  const whenPrinted = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!pattern.test(printed)) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      child.on("exit", () => {
        reject(new Error(`openssl s_server has ended: ${printed}`));
      });
      check();
    });
  await whenPrinted(/^ACCEPT .*:\d+$/m);
  return {
    port: Number(/^ACCEPT .*:(\d+)$/m.exec(printed)?.[1]),
    received: () => printed,
    type: (text) => child.stdin.write(text),
    whenPrinted,
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** A socket that is connected to a server of the loopback interface. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** A target that the tests' server is known by. */
export function targetOf(port: number, hostname = "localhost"): TransportTarget {
  const address = `mqtts://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return { url: address, address, scheme: "mqtts:", hostname, port, path: "/" };
}

function ignore(): void {}
