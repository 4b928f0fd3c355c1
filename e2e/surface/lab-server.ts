import { readFileSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { startDante, startMicrosocks, startTinyproxy, type RunningProxy } from "../../packages/node/testing/proxies.ts";
import { startSilentHost } from "../../packages/node/testing/silent-host.ts";
import { startBroker, type Broker } from "../support/broker.ts";
import { closedPort } from "../support/free-ports.ts";
import type { RuntimeName } from "./check.ts";
import { Exposed, methodsOf } from "./exposed.ts";
import {
  encodeBytes,
  reviveBytes,
  type FileLimit,
  type Lab,
  type LabBroker,
  type LabCertificates,
  type Peer,
  type PeerOptions,
  type Place,
  type Proxy,
  type ProxyOptions,
  type RealProxy,
  type Relay,
  type Witness,
} from "./lab-calls.ts";
import { stockCertificates, type CertificateStock } from "./lab-certificates.ts";
import { ProcessFileLimit } from "./lab-file-limit.ts";
import { ScriptedPeer } from "./lab-peer.ts";
import { ScriptedProxy, SharedProxy } from "./lab-proxy.ts";
import { DamagingRelay } from "./lab-relay.ts";
import { serverTls } from "./lab-tls.ts";
import { WitnessingClient } from "./lab-witness.ts";

const proxyCredentials = { username: "somebody", password: "s3cret-of-the-proxy" };

/** What all checks share; most of it is made when somebody first asks for it. */
export interface SharedLab {
  readonly broker: Broker;
  readonly directory: string;
  certificates(): Promise<CertificateStock>;
  proxy(kind: RealProxyKind): Promise<RunningProxy>;
  stop(): Promise<void>;
}

type RealProxyKind = Parameters<Lab["realProxy"]>[0];

const proxies: Readonly<Record<RealProxyKind, () => Promise<RunningProxy>>> = {
  http: () => startTinyproxy(),
  guardedHttp: () => startTinyproxy(proxyCredentials),
  socks5: () => startMicrosocks(),
  guardedSocks5: () => startMicrosocks(proxyCredentials),
  socks4: () => startDante(),
};

export async function startSharedLab(): Promise<SharedLab> {
  const broker = await startBroker();
  const directory = await mkdtemp(join(tmpdir(), "rivulet-surface-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove); // also when a run dies
  let stock: Promise<CertificateStock> | undefined;
  const running = new Map<RealProxyKind, Promise<RunningProxy>>();
  return {
    broker,
    directory,
    certificates: () => (stock ??= stockCertificates()),
    proxy: (kind) => {
      const proxy = running.get(kind) ?? proxies[kind]();
      running.set(kind, proxy);
      return proxy;
    },
    stop: async () => {
      const steps = [
        ...Array.from(running.values(), (proxy) => async () => (await proxy).stop()),
        async () => (await stock)?.close(),
        () => broker.stop(),
        remove,
        () => process.off("exit", remove),
      ];
      await doAll(steps);
    },
  };
}

/** Does one after the other, also when one of them fails. */
async function doAll(steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `Not all is closed: ${errors.map(String).join("; ")}`);
}

/** Opens the lab of one check, at an address of its own: a page makes no more than six calls at a time to one. */
export async function openCheckLab(
  shared: SharedLab,
  runtime: RuntimeName,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const lab = new CheckLab(shared, runtime);
  const objects: Exposed[] = [lab];
  const server = createServer((request, response) => {
    answer(objects, request).then(
      (text) => send(response, 200, text),
      (error: unknown) => send(response, 500, String(error instanceof Error ? error.stack : error)),
    );
  });
  // A runtime that was busy finds its connection as it was: it may have no other.
  server.keepAliveTimeout = 600_000;
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await lab.close();
    },
  };
}

async function answer(objects: Exposed[], request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const text of request.setEncoding("utf8")) body += String(text);
  const { object, method, values } = reviveBytes(JSON.parse(body)) as {
    readonly object: number;
    readonly method: string;
    readonly values: readonly unknown[];
  };
  const target = objects[object];
  if (target === undefined) throw new Error(`There is no object ${object}`);
  if (object === 0 && method === "methods") return JSON.stringify(methodsOf(target));
  if (!methodsOf(target).includes(method)) throw new Error(`There is no method "${method}"`);
  const functions = target as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
  const result = await functions[method]?.(...values);
  if (!(result instanceof Exposed)) return JSON.stringify(result ?? null, encodeBytes);
  const index = objects.includes(result) ? objects.indexOf(result) : objects.push(result) - 1;
  return JSON.stringify({ $object: index, fields: result.fields, methods: methodsOf(result) }, encodeBytes);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "access-control-allow-origin": "*" }).end(text);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // listening on TCP
  });
}

/** What one check asks for. */
class CheckLab extends Exposed implements Lab {
  readonly #shared: SharedLab;
  readonly #runtime: RuntimeName;
  readonly #opened: (() => Promise<void>)[] = [];
  #isClosed = false;
  #directory: Promise<string> | undefined;

  constructor(shared: SharedLab, runtime: RuntimeName) {
    super();
    this.#shared = shared;
    this.#runtime = runtime;
  }

  async openPeer({ tls, ...options }: PeerOptions = {}): Promise<Peer> {
    const transport = this.#runtime === "browser" ? "ws" : "tcp";
    const secured = tls === undefined ? {} : { tls: await serverTls(await this.#shared.certificates(), tls) };
    return this.#keep<Peer>(await ScriptedPeer.start({ transport, ...options, ...secured }));
  }

  async openProxy(kind: "http" | "socks", options: ProxyOptions = {}): Promise<Proxy> {
    return this.#keep<Proxy>(await ScriptedProxy.start(kind, options));
  }

  async realProxy(kind: RealProxyKind): Promise<RealProxy> {
    return this.#keep<RealProxy>(new SharedProxy(await this.#shared.proxy(kind), proxyCredentials));
  }

  async openBroker({
    settings = {},
  }: { readonly settings?: Readonly<Record<string, string>> } = {}): Promise<LabBroker> {
    return this.#keep<LabBroker>(new OwnBroker(await startBroker({ settings }), this.#runtime));
  }

  guardedBroker(): ReturnType<Lab["guardedBroker"]> {
    const { broker } = this.#shared;
    const place = placeOf(broker, this.#runtime, { isGuarded: true });
    return Promise.resolve({ ...place, ...broker.credentials });
  }

  async openWitness({ protocolVersion = 5 }: { readonly protocolVersion?: 4 | 5 } = {}): Promise<Witness> {
    return this.#keep<Witness>(await WitnessingClient.connect(this.#shared.broker.urls.tcp, protocolVersion));
  }

  async certificates(): Promise<LabCertificates> {
    return (await this.#shared.certificates()).certificates;
  }

  async responderRequests(): Promise<readonly string[]> {
    return (await this.#shared.certificates()).responder.asked.map(({ path }) => path);
  }

  directory(): Promise<string> {
    return (this.#directory ??= mkdtemp(join(this.#shared.directory, "check-")));
  }

  async writeFile(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(await this.directory(), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  async readFile(path: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async openRelay(port: number): Promise<Relay> {
    return this.#keep<Relay>(await DamagingRelay.start(port));
  }

  async limitFiles(pid: number): Promise<FileLimit> {
    return this.#keep<FileLimit>(await ProcessFileLimit.set(pid));
  }

  async closedPort(): Promise<Place> {
    return { host: this.#hostOf("127.0.0.1"), port: await closedPort() };
  }

  async blackHole(): Promise<Place> {
    const host = await startSilentHost();
    await this.#closeLater(() => host.close());
    return { host: this.#hostOf("127.0.0.1"), port: host.port };
  }

  timers(port: number): ReturnType<Lab["timers"]> {
    const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
    const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
    const columns = lines.map((line) => line.trim().split(/\s+/));
    const established = columns.filter(([, , remote, state]) => remote?.endsWith(`:${hexadecimal}`) && state === "01");
    const timers = established.map(([, , , , , timer = ""]) => {
      const [kind = "", when = ""] = timer.split(":");
      return { kind: Number.parseInt(kind, 16), whenMs: Number.parseInt(when, 16) * 10 };
    });
    return Promise.resolve(timers);
  }

  override async close(): Promise<void> {
    this.#isClosed = true;
    await doAll(this.#opened.reverse());
  }

  #hostOf(host: string): string {
    return this.#runtime === "browser" ? `ws://${host}` : host;
  }

  /** What is opened when the check is over, since that took too long, is closed at once. */
  async #closeLater(close: () => Promise<void>): Promise<void> {
    if (this.#isClosed) await close();
    else this.#opened.push(close);
  }

  /** What has the methods gets the fields on the other side, where the check has it. */
  async #keep<Seen>(object: Exposed): Promise<Seen> {
    let isClosed = false;
    const close = object.close.bind(object);
    object.close = async () => {
      if (!isClosed) {
        isClosed = true;
        await close();
      }
    };
    await this.#closeLater(() => object.close());
    return object as unknown as Seen;
  }
}

class OwnBroker extends Exposed implements Omit<LabBroker, "host" | "port"> {
  readonly #broker: Broker;

  constructor(broker: Broker, runtime: RuntimeName) {
    super();
    this.#broker = broker;
    this.fields = placeOf(broker, runtime);
  }

  override close(): Promise<void> {
    return this.#broker.stop();
  }
}

/** Where a runtime reaches a broker. */
export function placeOf({ urls }: Broker, runtime: RuntimeName, { isGuarded = false } = {}): Place {
  const isPage = runtime === "browser";
  const url = isPage ? (isGuarded ? urls.guardedWs : urls.ws) : isGuarded ? urls.guardedTcp : urls.tcp;
  return { host: isPage ? "ws://127.0.0.1" : "127.0.0.1", port: Number(new URL(url).port) };
}
