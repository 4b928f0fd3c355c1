import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { TransportError } from "@rivulet/engine";
import type { ProxyTools } from "../src/proxy/open-through-proxy.ts";
import { resolveProxy } from "../src/proxy/resolve-proxy.ts";
import { openThroughProxy } from "../src/proxy/open-through-proxy.ts";
import { SocketDuplex } from "../src/socket-duplex.ts";
import { connectError } from "../src/socket-errors.ts";
import type { ProxyOptions } from "@rivulet/engine";

/** Plain parts, with the reports that were made. */
export function proxyTools(more: Partial<ProxyTools> = {}): ProxyTools & { readonly reports: string[] } {
  const reports: string[] = [];
  return {
    reports,
    connect: connectPlainly,
    secure: (socket) => securely(socket),
    signal: new AbortController().signal,
    report: (status) => reports.push(status),
    ...more,
  };
}

/** Goes through the proxy that the options say; undefined options of `more` stand for plain parts. */
export async function goThrough(
  target: { readonly hostname: string; readonly port: number },
  proxy: string | ProxyOptions,
  more: Partial<ProxyTools> = {},
): Promise<Socket> {
  const resolved = resolveProxy({ scheme: "mqtt:", ...target }, proxy, {});
  if (resolved === undefined) throw new Error("No proxy applies");
  return openThroughProxy(target, resolved, proxyTools(more));
}

/** Reads as many bytes as the text has, in the way of the transport, and then sends and reads back. */
export async function talk(socket: Socket, greeting: string, echoed: Uint8Array = Buffer.from("ping")): Promise<void> {
  const duplex = new SocketDuplex(socket, "test", { transport: "tcp", url: "test" });
  const reader = duplex.readable.getReader();
  let held = Buffer.alloc(0);
  const take = async (length: number): Promise<Buffer> => {
    while (held.length < length) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The server has ended after ${held.length} bytes of ${length}`);
      held = Buffer.concat([held, value]);
    }
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
  const heard = (await take(greeting.length)).toString();
  if (heard !== greeting) throw new Error(`Heard ${JSON.stringify(heard)}`);
  const writer = duplex.writable.getWriter();
  const written = writer.write(echoed);
  const back = await take(echoed.length);
  await written;
  if (!back.equals(echoed)) throw new Error("What came back is not what was sent");
  duplex.abort();
}

function connectPlainly({ host, port }: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => reject(connectError(`${host}:${port}`, error)));
    socket.on("error", () => undefined);
  });
}

/** Makes TLS that checks nothing. */
export function securely(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({ socket, servername: "proxy.example", rejectUnauthorized: false });
    secure.once("secureConnect", () => resolve(secure));
    secure.once("error", (cause) => reject(new TransportError("TLS failed", { cause })));
  });
}
