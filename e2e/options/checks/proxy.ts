import assert from "node:assert/strict";

import { Absent, type CheckContext, type OptionCheck } from "../check.ts";
import type { Lab } from "../lab.ts";
import type { Recorder } from "../recorder.ts";

type ProxyName = keyof Lab["proxies"];

/** Something before a proxy that sees what the client says to it. */
function before({ record, lab }: CheckContext, name: ProxyName): Promise<Recorder> {
  return record({ to: lab.proxies[name].port });
}

async function goesThrough(context: CheckContext, proxy: Recorder, options: object, host?: string): Promise<Buffer> {
  const server = await context.record();
  const { error, roundTrips, connections } = await context.attempt(context.url(server, host), options);
  assert.equal(error, undefined);
  assert.ok(roundTrips);
  assert.equal(server.connections.length, 1);
  assert.equal(proxy.connections.length, 1);
  assert.match(connections[0]?.proxy ?? "", new RegExp(`:${proxy.port}`));
  return Buffer.concat(proxy.connections[0]?.chunks.map(({ bytes }) => bytes) ?? []);
}

/** A kind of proxy, by its scheme; `says` looks at what the client told it. */
function kind(scheme: string, name: ProxyName, says: (bytes: Buffer) => void, host?: string): OptionCheck {
  return {
    option: "proxy",
    what: `${scheme}://`,
    run: async (context) => {
      const proxy = await before(context, name);
      says(await goesThrough(context, proxy, { proxy: `${scheme}://127.0.0.1:${proxy.port}` }, host));
    },
  };
}

function beginsWith(...expected: number[]): (bytes: Buffer) => void {
  return (bytes) => assert.deepEqual([...bytes.subarray(0, expected.length)], expected);
}

function credentials(what: string, scheme: string, name: ProxyName): OptionCheck[] {
  return (["username", "password"] as const).map((option) => ({
    option: `proxy.${option}`,
    what,
    run: async (context) => {
      const proxy = await before(context, name);
      const { proxyCredentials } = context.lab;
      const url = `${scheme}://127.0.0.1:${proxy.port}`;
      const said = await goesThrough(context, proxy, { proxy: { url, ...proxyCredentials } });
      const { username, password } = proxyCredentials;
      assert.ok(said.includes(password) || said.includes(Buffer.from(`${username}:${password}`).toString("base64")));
      const server = await context.record();
      const wrong = { url, ...proxyCredentials, [option]: "wrong" };
      const { error } = await context.attempt(context.url(server), { proxy: wrong });
      assert.equal(error?.name, "TransportError");
      assert.match(error.message, /proxy/);
      assert.ok(!error.message.includes(password));
      assert.equal(server.connections.length, 0);
    },
  }));
}

/** What stands on a proxy: TLS, WebSocket, both. */
function carries(scheme: "mqtts" | "ws" | "wss", name: ProxyName, proxyScheme: string): OptionCheck {
  return {
    option: "proxy",
    what: `${scheme}:// through ${proxyScheme}://`,
    takes: "tls",
    run: async (context) => {
      const { record, attempt, lab, runtime } = context;
      if (scheme === "mqtts" && runtime.carries === "ws") throw new Absent();
      const { chain, key, certificate } = { ...lab.certificates.server, certificate: lab.authority.certificate };
      const proxy = await before(context, name);
      const to = lab.ports[scheme === "mqtts" ? "tcp" : "ws"];
      const server = await record({ to, ...(scheme === "ws" ? {} : { tls: { cert: chain, key } }) });
      const options = {
        proxy: `${proxyScheme}://127.0.0.1:${proxy.port}`,
        ...(scheme === "ws" ? {} : { tls: { ca: certificate } }),
      };
      const { error, roundTrips } = await attempt(`${scheme}://127.0.0.1:${server.port}`, options);
      assert.equal(error, undefined);
      assert.ok(roundTrips);
      assert.deepEqual([proxy.connections.length, server.connections.length], [1, 1]);
    },
  };
}

export const proxyChecks: readonly OptionCheck[] = [
  carries("mqtts", "http", "http"),
  carries("mqtts", "socks", "socks5"),
  carries("ws", "socks", "socks5"),
  carries("ws", "http", "http"),
  carries("wss", "http", "http"),
  carries("wss", "dante", "socks4"),
  kind("http", "http", (bytes) => assert.match(bytes.toString("latin1"), /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1\r\n/)),
  kind("socks4", "dante", beginsWith(4, 1)),
  kind("socks4a", "ssh", (bytes) => assert.ok(bytes.includes("localhost")), "localhost"),
  kind("socks5", "socks", (bytes) => assert.ok(!bytes.subarray(0, 60).includes("localhost")), "localhost"),
  kind("socks5h", "socks", (bytes) => assert.ok(bytes.includes("localhost")), "localhost"),
  ...credentials("of an HTTP proxy", "http", "guardedHttp"),
  ...credentials("of a SOCKS5 proxy", "socks5", "guardedSocks"),
  {
    option: "proxy.headers",
    run: async (context) => {
      const proxy = await before(context, "http");
      const url = `http://127.0.0.1:${proxy.port}`;
      const said = await goesThrough(context, proxy, { proxy: { url, headers: { "X-Reason": "a check" } } });
      assert.match(said.toString("latin1"), /^x-reason: a check\r$/im);
    },
  },
  {
    option: "proxy.exceptions",
    run: async (context) => {
      const proxy = await before(context, "http");
      const server = await context.record();
      const exceptions = ["*.example", "127.0.0.0/8"];
      const options = { proxy: { url: `http://127.0.0.1:${proxy.port}`, exceptions } };
      assert.ok((await context.attempt(context.url(server), options)).roundTrips);
      assert.deepEqual([proxy.connections.length, server.connections.length], [0, 1]);
    },
  },
  {
    option: "proxy.resolveNames",
    run: async (context) => {
      const proxy = await before(context, "http");
      const url = `http://127.0.0.1:${proxy.port}`;
      const said = await goesThrough(context, proxy, { proxy: { url, resolveNames: "here" } }, "localhost");
      assert.match(said.toString("latin1"), /^CONNECT (127\.0\.0\.1|\[::1\]):/);
    },
  },
  {
    option: "proxy.tls",
    what: "https://",
    run: async (context) => {
      const { record, lab } = context;
      const { chain, key } = lab.certificates.server;
      const proxy = await record({ to: lab.proxies.http.port, tls: { cert: chain, key } });
      const url = `https://127.0.0.1:${proxy.port}`;
      await goesThrough(context, proxy, { proxy: { url, tls: { ca: lab.authority.certificate } } });
      const { error } = await context.attempt(context.url(await record()), { proxy: url });
      assert.match(error?.message ?? "", /proxy/);
    },
  },
  {
    option: "proxy",
    what: '"system", from `ALL_PROXY` and `NO_PROXY`',
    environment: ({ proxies }) => ({
      ALL_PROXY: `socks5://127.0.0.1:${proxies.socks.port}`,
      NO_PROXY: "localhost",
      no_proxy: "localhost",
    }),
    run: async (context) => {
      const server = await context.record();
      const { connections } = await context.attempt(context.url(server), { proxy: "system" });
      assert.match(connections[0]?.proxy ?? "", /^socks5/);
      const direct = await context.attempt(context.url(server, "localhost"), { proxy: "system" });
      assert.ok(direct.roundTrips);
      assert.equal(direct.connections[0]?.proxy, undefined);
    },
  },
];
