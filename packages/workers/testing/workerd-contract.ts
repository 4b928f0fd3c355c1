/**
 * Runs the transport contract in workerd, and what Workers have of their own. Prints TAP; the exit code is 1 when a test
 * failed. With an argument it runs only tests whose name contains it.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { createCertificateLab } from "../../node/testing/certificates.ts";
import { startTcpPeer } from "../../node/testing/tcp-peer.ts";
import { PeerRegistry, type PeerCall } from "../../websocket/testing/peer-registry.ts";
import type { Order } from "./worker-tests.ts";
import { startWorkerd } from "./workerd-process.ts";

/** Long enough for a busy machine; a test that hangs takes this long to fail, in ms. */
const testTimeoutMs = 60_000;

await using lab = await createCertificateLab();
const trusted = await lab.createAuthority({ commonName: "Trusted" });
const other = await lab.createAuthority({ commonName: "Other" });

const registries: PeerRegistry[] = [];
const servers: NetServer[] = [];

async function listen(server: NetServer): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Takes the worker's calls to scripted servers. */
async function serveControl(registry: PeerRegistry): Promise<string> {
  registries.push(registry);
  const server: Server = createServer((request, response) => {
    const answer = async (): Promise<unknown> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return registry.call(JSON.parse(Buffer.concat(chunks).toString()) as PeerCall);
    };
    void answer().then(
      (value) => response.end(JSON.stringify({ value })),
      (error: unknown) => response.end(JSON.stringify({ error: String(error) })),
    );
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

async function serveEcho(authority: typeof trusted): Promise<string> {
  const { chain, key } = await authority.issue({ commonName: "localhost", altNames: ["DNS:localhost"] });
  const server = createTlsServer({ cert: chain, key }, (socket) => {
    socket.on("error", () => undefined).pipe(socket);
  });
  return `mqtts://localhost:${await listen(server)}`;
}

const controlUrls = {
  TCP: await serveControl(new PeerRegistry(startTcpPeer)),
  WebSocket: await serveControl(new PeerRegistry()),
};
const notFound = createServer((_request, response) => response.writeHead(404).end());
const teapot = createServer((request, response) => {
  response.writeHead(request.headers["x-token"] === "abc" ? 418 : 400).end();
});
const order = {
  tlsUrl: await serveEcho(trusted),
  untrustedUrl: await serveEcho(other),
  httpUrl: `ws://127.0.0.1:${await listen(notFound)}/mqtt`,
  headersUrl: `ws://127.0.0.1:${await listen(teapot)}/mqtt`,
} satisfies Partial<Order>;
const entries = { TCP: "worker.ts", WebSocket: "../../websocket/testing/worker.ts" } as const;

let count = 0;
try {
  console.log("TAP version 13");
  for (const kind of ["TCP", "WebSocket"] as const) await runAll(kind);
  console.log(`1..${count}`);
} finally {
  for (const registry of registries) await registry.closeAll();
  for (const server of servers) {
    server.close();
    if ("closeAllConnections" in server) (server as Server).closeAllConnections();
  }
}

async function runAll(kind: keyof typeof entries): Promise<void> {
  const entry = fileURLToPath(new URL(entries[kind], import.meta.url));
  const workerd = await startWorkerd({ entry, ca: trusted.certificate, conditions: ["@rivulet/source"] });
  try {
    const names = (await (await fetch(workerd.url)).json()) as string[];
    for (const test of names.filter((name) => `${kind}: ${name}`.includes(process.argv[2] ?? ""))) {
      const error = await run(workerd.url, { ...order, controlUrl: controlUrls[kind], test });
      count++;
      console.log(`${error === undefined ? "ok" : "not ok"} ${count} - ${kind} in workerd: ${test}`);
      if (error === undefined) continue;
      console.log(`${error}\n${workerd.output()}`.replaceAll(/^/gm, "  # "));
      process.exitCode = 1;
    }
  } finally {
    await workerd.stop();
  }
}

/** Returns what was wrong. */
async function run(url: string, body: Order): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(testTimeoutMs);
    const response = await fetch(url, { method: "POST", body: JSON.stringify(body), signal });
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as { error?: string }).error : `status ${response.status}: ${text}`;
  } catch (error) {
    return String(error);
  }
}
