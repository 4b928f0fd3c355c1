import type { Socket } from "node:net";

import { Hearing, startScripted, type ScriptedPeer } from "../../packages/node/testing/scripted-proxy.ts";
import type { RunningProxy } from "../../packages/node/testing/proxies.ts";
import { Exposed } from "./exposed.ts";
import type { Proxy, ProxyOptions, ProxyRequest, RealProxy } from "./lab-calls.ts";

/** A proxy that notes what it is asked. Names are of this machine, all of them. */
export class ScriptedProxy extends Exposed implements Omit<Proxy, "host" | "port"> {
  readonly #options: ProxyOptions;
  readonly #requests: ProxyRequest[] = [];
  #peer: ScriptedPeer | undefined;

  constructor(options: ProxyOptions) {
    super();
    this.#options = options;
  }

  static async start(kind: "http" | "socks", options: ProxyOptions): Promise<ScriptedProxy> {
    const proxy = new ScriptedProxy(options);
    const peer = await startScripted((socket) => {
      const hearing = new Hearing(socket);
      if (options.isMute) return;
      const served = kind === "http" ? proxy.#serveHttp(socket, hearing) : proxy.#serveSocks(socket, hearing);
      served.catch(() => socket.destroy());
    });
    proxy.#peer = peer;
    proxy.fields = { host: options.name ?? "127.0.0.1", port: peer.port };
    return proxy;
  }

  requests(): Promise<readonly ProxyRequest[]> {
    return Promise.resolve([...this.#requests]);
  }

  override async close(): Promise<void> {
    await this.#peer?.[Symbol.asyncDispose]();
    this.#peer = undefined;
  }

  async #serveHttp(socket: Socket, hearing: Hearing): Promise<void> {
    const { username, password = "", refusesWith } = this.#options;
    for (;;) {
      const [first = "", ...lines] = (await hearing.takeUntil("\r\n\r\n")).toString("latin1").trim().split("\r\n");
      const headers = Object.fromEntries(
        lines.map((line) => [line.replace(/:.*/, "").toLowerCase(), line.replace(/^[^:]*:\s*/, "")]),
      );
      const { host, port } = authorityOf(first.split(" ")[1] ?? "");
      const [, encoded = ""] = /^Basic (.*)$/.exec(headers["proxy-authorization"] ?? "") ?? [];
      const login = /^([^:]*):(.*)$/.exec(Buffer.from(encoded, "base64").toString());
      this.#requests.push({
        ...{ protocol: "http", host, port, headers },
        ...{ username: login?.[1], password: login?.[2] },
      });
      if (refusesWith !== undefined) {
        socket.end(`HTTP/1.1 ${refusesWith} No\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      if (username === undefined || (login?.[1] === username && login[2] === password)) {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        return hearing.tunnelTo("127.0.0.1", port);
      }
      const challenge = 'HTTP/1.1 407 Who are you\r\nproxy-authenticate: Basic realm="checks"\r\ncontent-length: 0';
      socket.write(`${challenge}\r\n\r\n`);
    }
  }

  async #serveSocks(socket: Socket, hearing: Hearing): Promise<void> {
    const [version] = await hearing.take(1);
    await (version === 4 ? this.#serveSocks4(socket, hearing) : this.#serveSocks5(socket, hearing));
  }

  /** Version 4, and 4A where the address is 0.0.0.x. */
  async #serveSocks4(socket: Socket, hearing: Hearing): Promise<void> {
    const request = await hearing.take(7);
    const address = [...request.subarray(3, 7)];
    const user = await text(hearing);
    const isNamed = address.slice(0, 3).join(".") === "0.0.0" && address[3] !== 0;
    const host = isNamed ? await text(hearing) : address.join(".");
    const port = request.readUInt16BE(1);
    const username = user === "" ? undefined : user;
    this.#requests.push({ protocol: "socks4", host, port, username, password: undefined, headers: {} });
    const { username: wanted, refusesWith = wanted === undefined || wanted === user ? 90 : 93 } = this.#options;
    socket.write(Buffer.from([0, refusesWith, 0, 0, 0, 0, 0, 0]));
    if (refusesWith === 90) await hearing.tunnelTo("127.0.0.1", port);
    else socket.end();
  }

  async #serveSocks5(socket: Socket, hearing: Hearing): Promise<void> {
    const { username: wanted, password: secret = "", refusesWith = 0 } = this.#options;
    const offered = await hearing.take((await hearing.take(1))[0] ?? 0);
    const method = wanted === undefined ? 0 : 2;
    if (!offered.includes(method)) {
      socket.end(Buffer.from([5, 0xff]));
      return;
    }
    socket.write(Buffer.from([5, method]));
    let username: string | undefined;
    let password: string | undefined;
    if (method === 2) {
      await hearing.take(1);
      username = await counted(hearing);
      password = await counted(hearing);
      const isRight = username === wanted && password === secret;
      socket.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) {
        this.#requests.push({ protocol: "socks5", host: "", port: 0, username, password, headers: {} });
        socket.end();
        return;
      }
    }
    const [, , , type] = await hearing.take(4);
    const host = type === 3 ? await counted(hearing) : addressOf(await hearing.take(type === 1 ? 4 : 16));
    const port = (await hearing.take(2)).readUInt16BE();
    this.#requests.push({ protocol: "socks5", host, port, username, password, headers: {} });
    socket.write(Buffer.from([5, refusesWith, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (refusesWith === 0) await hearing.tunnelTo("127.0.0.1", port);
    else socket.end();
  }
}

/** A program that belongs to the whole run: it is not closed with the check. */
export class SharedProxy extends Exposed implements Omit<RealProxy, "host" | "port" | "username" | "password"> {
  readonly #proxy: RunningProxy;

  constructor(proxy: RunningProxy, credentials: { readonly username: string; readonly password: string }) {
    super();
    this.#proxy = proxy;
    this.fields = { host: proxy.host, port: proxy.port, ...credentials };
  }

  log(): Promise<string> {
    return Promise.resolve(this.#proxy.log());
  }
}

/** Up to a byte that is 0. */
async function text(hearing: Hearing): Promise<string> {
  return (await hearing.takeUntil("\0")).subarray(0, -1).toString();
}

/** As long as the byte before it says. */
async function counted(hearing: Hearing): Promise<string> {
  return (await hearing.take((await hearing.take(1))[0] ?? 0)).toString();
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function authorityOf(authority: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(authority) ?? [];
  return { host, port: Number(port) };
}
