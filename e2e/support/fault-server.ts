import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { FaultCalls, FaultyBrokerName } from "../scenarios/fault-calls.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { RestartableBroker } from "./restartable-broker.ts";

export interface FaultServerOptions {
  /** The executable; without it there are proxies, and no brokers. */
  readonly mosquitto: string | undefined;
  /** Where certificates and passwords are. */
  readonly files: string;
}

export interface FaultServer {
  readonly url: string;
  /** Which brokers have ever said that they dropped a message. */
  droppers(): FaultyBrokerName[];
  stop(): Promise<void>;
}

const brokers: Readonly<Record<FaultyBrokerName, { settings: Record<string, string>; isPersistent?: boolean }>> = {
  lasting: { settings: {}, isPersistent: true },
  forgetful: { settings: {} },
  narrow: { settings: { max_inflight_messages: "2" } },
};

/** Starts the part of the harness that scenarios speak to, over HTTP on loopback: a page can do no more than that. */
export async function startFaultServer({ mosquitto = "", files }: FaultServerOptions): Promise<FaultServer> {
  const proxies = new Map<string, CuttingProxy>();
  const running = Object.fromEntries(
    Object.entries(brokers).map(([name, options]) => [name, new RestartableBroker({ ...options, mosquitto, files })]),
  ) as Record<FaultyBrokerName, RestartableBroker>; // One a name.
  const calls = faultCalls(proxies, running);

  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      // Whoever waits for an answer must not be kept from ending by a connection that is kept.
      const headers = { "access-control-allow-origin": "*", connection: "close" };
      const { name, input } = JSON.parse(body) as { name: keyof FaultCalls; input: never };
      calls[name](input).then(
        (result) => response.writeHead(200, headers).end(JSON.stringify(result ?? null)),
        (error: unknown) => response.writeHead(500, headers).end(String(error)),
      );
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // listening on TCP
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    droppers: () => (Object.keys(running) as FaultyBrokerName[]).filter((name) => running[name].hasDropped),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      await Promise.all(Object.values(running).map((broker) => broker.dispose()));
      await closed;
    },
  };
}

function faultCalls(
  proxies: Map<string, CuttingProxy>,
  running: Readonly<Record<FaultyBrokerName, RestartableBroker>>,
): FaultCalls {
  const proxyAt = (url: string): CuttingProxy => {
    const proxy = proxies.get(url);
    if (proxy === undefined) throw new Error(`There is no proxy at ${url}`);
    return proxy;
  };
  return {
    openProxy: async ({ url, plan }) => {
      const proxy = new CuttingProxy(Number(new URL(url).port), plan);
      const near = url.replace(/:\d+$/, `:${await proxy.listen()}`);
      proxies.set(near, proxy);
      return { url: near };
    },
    cutProxy: async ({ url }) => proxyAt(url).cut(),
    holdProxy: async ({ url }) => proxyAt(url).hold(),
    releaseProxy: async ({ url }) => proxyAt(url).release(),
    closeProxy: async ({ url }) => {
      const proxy = proxyAt(url);
      proxies.delete(url);
      await proxy.close();
      return { cuts: proxy.cuts };
    },
    startBroker: async ({ name }) => ({ urls: await running[name].start() }),
    stopBroker: ({ name }) => running[name].stop(),
  };
}
