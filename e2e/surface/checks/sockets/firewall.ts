import type { MQTT } from "@rivulet/component";

import { equal, matches, ok, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Place, Proxy, ProxyOptions } from "../../lab-calls.ts";
import { connectTo } from "./connecting.ts";

/** The firewall, as properties have it and as `config` has it. */
interface Firewall {
  readonly autoDetect?: boolean;
  readonly type?: number;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
}

interface FirewallWay {
  /** What stands before the name of each row. */
  readonly rows: (names: readonly (keyof Firewall)[]) => readonly string[];
  readonly by: string;
  readonly set: (mqtt: MQTT, firewall: Firewall) => void;
  readonly get: (mqtt: MQTT) => Required<Firewall>;
}

const ways: readonly FirewallWay[] = [
  {
    by: "properties",
    rows: (names) => names.map((name) => `property firewall_${name === "autoDetect" ? "auto_detect" : name}`),
    set: (mqtt, { autoDetect, type, host, port, user, password }) => {
      if (autoDetect !== undefined) mqtt.firewallAutoDetect = autoDetect;
      if (type !== undefined) mqtt.firewallType = type;
      if (host !== undefined) mqtt.firewallHost = host;
      if (port !== undefined) mqtt.firewallPort = port;
      if (user !== undefined) mqtt.firewallUser = user;
      if (password !== undefined) mqtt.firewallPassword = password;
    },
    get: (mqtt) => ({
      autoDetect: mqtt.firewallAutoDetect,
      type: mqtt.firewallType,
      host: mqtt.firewallHost,
      port: mqtt.firewallPort,
      user: mqtt.firewallUser,
      password: mqtt.firewallPassword,
    }),
  },
  {
    by: "configuration settings",
    rows: (names) => names.map((name) => `config TCPClient/${settingOf(name)}`),
    set: (mqtt, firewall) => {
      for (const [name, value] of Object.entries(firewall)) {
        mqtt.config(`${settingOf(name)}=${typeof value === "boolean" ? (value ? "True" : "False") : String(value)}`);
      }
    },
    get: (mqtt) => ({
      autoDetect: mqtt.config("FirewallAutoDetect") === "True",
      type: Number(mqtt.config("FirewallType")),
      host: mqtt.config("FirewallHost"),
      port: Number(mqtt.config("FirewallPort")),
      user: mqtt.config("FirewallUser"),
      password: mqtt.config("FirewallPassword"),
    }),
  },
];

function settingOf(name: string): string {
  return `Firewall${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Connects through a scripted proxy to a scripted server that listens on 127.0.0.1; returns what the proxy was asked. */
async function askedOf(
  { mqtt: create, lab }: Stage,
  kind: "http" | "socks",
  prepare: (mqtt: MQTT, proxy: Proxy) => void,
  { host = "127.0.0.1", proxy: options = {} }: { readonly host?: string; readonly proxy?: ProxyOptions } = {},
): Promise<Awaited<ReturnType<Proxy["requests"]>>[number] & { readonly mqtt: MQTT; readonly serverPort: number }> {
  const proxy = await lab.openProxy(kind, options);
  const mqtt = create();
  prepare(mqtt, proxy);
  const peer = await lab.openPeer({ transport: "tcp" });
  await connectTo(mqtt, peer, { host, port: peer.port });
  const requests = await proxy.requests();
  const [request] = requests;
  equal(requests.length, 1, "Requests");
  ok(request !== undefined, "The proxy was not asked");
  equal(request.port, peer.port, "The port that the proxy was asked for");
  return { ...request, mqtt, serverPort: peer.port };
}

const kinds = [
  { type: 1, name: "tunnel", kind: "http", protocol: "http", real: "http" },
  { type: 2, name: "SOCKS4", kind: "socks", protocol: "socks4", real: "socks4" },
  { type: 3, name: "SOCKS5", kind: "socks", protocol: "socks5", real: "socks5" },
  { type: 10, name: "SOCKS4A", kind: "socks", protocol: "socks4", real: "socks4" },
] as const;

const types: readonly SurfaceCheck[] = ways.flatMap(({ by, rows, set, get }) => [
  ...kinds.map(({ type, name, kind, protocol }) => ({
    rows: rows(["type", "host", "port"]),
    title: `A ${name} proxy that is set by ${by} is asked for the server, by its protocol`,
    run: async (stage: Stage): Promise<void> => {
      const request = await askedOf(stage, kind, (mqtt, { host, port }) => set(mqtt, { type, host, port }));
      equal([request.protocol, request.host], [protocol, "127.0.0.1"], "What the proxy was asked");
    },
  })),
  ...kinds.map(({ type, name, real }) => ({
    rows: rows(["type", "host", "port"]),
    title: `Messages go through a real proxy of the type ${name}, set by ${by}`,
    run: async ({ mqtt: create, lab, broker, topic }: Stage): Promise<void> => {
      const mqtt = create();
      const { host, port } = await lab.realProxy(real);
      set(mqtt, { type, host, port });
      const witness = await lab.openWitness();
      const filter = topic();
      await witness.subscribe(filter);
      await mqtt.connectTo(broker.host, broker.port);
      await mqtt.publishMessage(filter, 1, "through");
      equal(new TextDecoder().decode((await witness.next()).payload), "through", "The message");
      // Of the connection's ends this one is the proxy's.
      equal(get(mqtt).host, "127.0.0.1", "The proxy's address");
    },
  })),
  {
    rows: rows(["type"]),
    title: `With the type 0 by ${by}, the proxy that is set is left aside`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const [proxy, peer] = [await lab.openProxy("http"), await lab.openPeer()];
      const mqtt = create();
      set(mqtt, { type: 1, host: proxy.host, port: proxy.port });
      set(mqtt, { type: 0 });
      await connectTo(mqtt, peer);
      equal(await proxy.requests(), [], "What the proxy was asked");
    },
  },
  ...[
    { type: 1, port: 80 },
    { type: 2, port: 1080 },
    { type: 3, port: 1080 },
    { type: 10, port: 1080 },
  ].map(({ type, port }) => ({
    rows: rows(["type", "port"]),
    title: `Setting the type ${type} by ${by} sets the port ${port}, which is then connected to`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const mqtt = create();
      // Nobody listens there.
      set(mqtt, { host: "127.0.0.3", port: 5 });
      set(mqtt, { type });
      equal(get(mqtt).port, port, "The port");
      const { message } = await throwsCode(118, async () => mqtt.connectTo("127.0.0.1", (await lab.closedPort()).port));
      matches(message, new RegExp(`127\\.0\\.0\\.3:${port}\\b`), "The error");
    },
  })),
  {
    rows: rows(["host"]),
    title: `The address of a proxy that is set as a name by ${by} is read while there is a connection`,
    run: async (stage: Stage): Promise<void> => {
      const prepare = (mqtt: MQTT, { host, port }: Place): void => set(mqtt, { type: 1, host, port });
      const { mqtt } = await askedOf(stage, "http", prepare, { proxy: { name: "localhost" } });
      equal(get(mqtt).host, "127.0.0.1", "What is read meanwhile");
      await mqtt.disconnect();
      equal(get(mqtt).host, "localhost", "The name for the next connection");
    },
  },
]);

const credentials: readonly SurfaceCheck[] = ways.flatMap(({ by, rows, set }) => [
  ...(
    [
      [1, "http", "guardedHttp"],
      [3, "socks", "guardedSocks5"],
    ] as const
  ).flatMap(([type, kind, real]) => [
    {
      rows: rows(["user", "password"]),
      title: `A proxy of the type ${type} is told the user and the password that are set by ${by}`,
      run: async (stage: Stage): Promise<void> => {
        const login = { user: "somebody", password: "s3cret" };
        const { username, password } = await askedOf(
          stage,
          kind,
          (mqtt, { host, port }) => set(mqtt, { type, host, port, ...login }),
          { proxy: { username: "somebody", password: "s3cret" } },
        );
        equal({ user: username, password }, login, "What the proxy was told");
      },
    },
    {
      rows: [...rows(["user", "password"]), "error HTTP/118"],
      title: `A real proxy of the type ${type} lets those through whose user and password, by ${by}, are right: else 118`,
      run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
        const [right, wrong] = [create(), create()];
        const { host, port, username: user, password } = await lab.realProxy(real);
        set(right, { type, host, port, user, password });
        const peer = await lab.openPeer({ transport: "tcp" });
        await connectTo(right, peer);
        for (const changes of [{ user: "nobody" }, { password: "wrong" }]) {
          set(wrong, { type, host, port, user, password, ...changes });
          const { message } = await throwsCode(118, () => wrong.connectTo(peer.host, peer.port));
          ok(!message.includes(password), "The error holds the password");
        }
        equal(await peer.connectionCount(), 1, "Connections to the server");
      },
    },
  ]),
  {
    rows: rows(["user"]),
    title: `A SOCKS4 proxy is told the user that is set by ${by}`,
    run: async (stage: Stage): Promise<void> => {
      const prepare = (mqtt: MQTT, { host, port }: Place): void => set(mqtt, { type: 2, host, port, user: "somebody" });
      equal((await askedOf(stage, "socks", prepare)).username, "somebody", "The user");
    },
  },
]);

const names: readonly SurfaceCheck[] = [
  ...kinds.map(({ type, name, kind }) => ({
    rows: ["property remote_host", "property firewall_type"],
    title: `A name with a * before it is told to a ${name} proxy, which resolves it`,
    run: async (stage: Stage): Promise<void> => {
      const prepare = (mqtt: MQTT, { host, port }: Place): void => {
        mqtt.firewallType = type;
        mqtt.firewallHost = host;
        mqtt.firewallPort = port;
      };
      const { host, mqtt } = await askedOf(stage, kind, prepare, { host: "*server.nowhere.example" });
      equal(host, "server.nowhere.example", "The host that the proxy was asked for");
      equal(mqtt.remoteHost, "*server.nowhere.example", "remoteHost");
    },
  })),
  ...kinds.slice(1).map(({ type, name, kind }) => ({
    rows: ["property remote_host", "property firewall_type"],
    title: `A name without a * is resolved here, and a ${name} proxy is asked for its address, which is read`,
    run: async (stage: Stage): Promise<void> => {
      const prepare = (mqtt: MQTT, { host, port }: Place): void => {
        mqtt.firewallType = type;
        mqtt.firewallHost = host;
        mqtt.firewallPort = port;
      };
      const { host, mqtt } = await askedOf(stage, kind, prepare, { host: "localhost" });
      equal(host, "127.0.0.1", "The host that the proxy was asked for");
      equal(mqtt.remoteHost, "127.0.0.1", "remoteHost");
    },
  })),
];

const more: readonly SurfaceCheck[] = [
  {
    rows: ["config Socket/FirewallData"],
    title: "FirewallData: a tunnel gets the headers, beside its own",
    run: async (stage) => {
      const { headers, host, serverPort } = await askedOf(stage, "http", (mqtt, place) => {
        mqtt.config("FirewallData=X-Reason: a check\r\nX-Other: 5\r\n");
        mqtt.firewallType = stage.component.FirewallTypes.fwTunnel;
        mqtt.firewallHost = place.host;
        mqtt.firewallPort = place.port;
      });
      equal([headers["x-reason"], headers["x-other"]], ["a check", "5"], "The headers");
      equal(headers["host"], `${host}:${serverPort}`, "The header Host");
    },
  },
  {
    rows: ["config Socket/FirewallData"],
    title: "FirewallData: what would be more than a header reaches no proxy: 10022",
    run: async ({ mqtt: create, lab }) => {
      const mqtt = create();
      mqtt.config("FirewallData=X-Reason: a check");
      const proxy = await lab.openProxy("http");
      mqtt.firewallType = 1;
      mqtt.firewallHost = proxy.host;
      mqtt.firewallPort = proxy.port;
      for (const data of ["no header", "X-A: a\r\n\rX-B: b", "Host: elsewhere"]) {
        await throwsCode(10022, async () => {
          mqtt.config(`FirewallData=${data}`);
          await mqtt.connectTo("127.0.0.1", (await lab.closedPort()).port);
        });
      }
      equal(await proxy.requests(), [], "What the proxy was asked");
    },
  },
  {
    rows: ["config TCPClient/ProxyExceptionsList"],
    title: "ProxyExceptionsList: the proxy hears nothing of hosts that are listed, and of others it does",
    run: async ({ mqtt: create, lab }) => {
      const mqtt = create();
      mqtt.config("ProxyExceptionsList=elsewhere.example;127.0.0.1");
      const [proxy, peer] = [await lab.openProxy("http"), await lab.openPeer()];
      mqtt.firewallType = 1;
      mqtt.firewallHost = proxy.host;
      mqtt.firewallPort = proxy.port;
      await connectTo(mqtt, peer);
      equal(await proxy.requests(), [], "What the proxy was asked");
      await mqtt.disconnect();
      await Promise.all([
        peer.nextConnection().then((connection) => connection.accept()),
        mqtt.connectTo("localhost", peer.port),
      ]);
      equal(
        (await proxy.requests()).map(({ host }) => host),
        ["localhost"],
        "What the proxy was asked",
      );
    },
  },
  ...ways.map(({ by, rows, set }) => ({
    rows: rows(["autoDetect"]),
    title: `Detection that is switched on by ${by} finds the proxy that the environment names`,
    isAlone: true,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const mqtt = create();
      set(mqtt, { autoDetect: true });
      const [proxy, peer] = [await lab.openProxy("socks"), await lab.openPeer({ transport: "tcp" })];
      await withEnvironment({ ALL_PROXY: `socks5://${proxy.host}:${proxy.port}` }, () => connectTo(mqtt, peer));
      equal(
        (await proxy.requests()).map(({ port }) => port),
        [peer.port],
        "What the proxy was asked",
      );
      set(mqtt, { autoDetect: false });
      await mqtt.disconnect();
      await withEnvironment({ ALL_PROXY: `socks5://${proxy.host}:${proxy.port}` }, () =>
        Promise.all([
          peer.nextConnection().then((connection) => connection.accept()),
          mqtt.connectTo(peer.host, peer.port),
        ]),
      );
      equal((await proxy.requests()).length, 1, "Requests to the proxy");
    },
  })),
  {
    rows: ["error HTTP/118", "property firewall_type"],
    title: "A proxy that refuses is 118, and the server hears nothing",
    run: async ({ mqtt: create, lab }) => {
      const mqtt = create();
      mqtt.firewallType = 1;
      const [proxy, peer] = [await lab.openProxy("http", { refusesWith: 403 }), await lab.openPeer()];
      mqtt.firewallHost = proxy.host;
      mqtt.firewallPort = proxy.port;
      await throwsCode(118, () => mqtt.connectTo(peer.host, peer.port));
      equal([(await proxy.requests()).length, await peer.connectionCount()], [1, 0], "Requests and connections");
    },
  },
];

/** Where Node and Deno keep it; a page has none, and does not come here. */
interface WithProcess {
  readonly process: { readonly env: Record<string, string | undefined> };
}

const variables = ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"] as const;

/** Has the process's environment name a proxy, and none of what it named before. */
async function withEnvironment(
  named: Partial<Record<(typeof variables)[number], string>>,
  act: () => Promise<unknown>,
): Promise<void> {
  const { env } = (globalThis as unknown as WithProcess).process;
  const before = variables.map((name) => [name, env[name]] as const);
  for (const name of variables) write(env, name, named[name]);
  try {
    await act();
  } finally {
    for (const [name, value] of before) write(env, name, value);
  }
}

/** An environment would take undefined for a text. */
function write(env: Record<string, string | undefined>, name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(env, name);
  else env[name] = value;
}

export const checks: readonly SurfaceCheck[] = [...types, ...credentials, ...names, ...more];
