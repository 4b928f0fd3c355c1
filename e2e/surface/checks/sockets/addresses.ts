import { equal, matches, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import { connectTo, setting, type Way } from "./connecting.ts";

const localHost: readonly Way[] = [
  {
    row: "property local_host",
    set: (mqtt, value) => {
      mqtt.localHost = value;
    },
    get: (mqtt) => mqtt.localHost,
  },
  setting("LocalHost"),
];

const localPort: readonly Way[] = [
  {
    row: "property local_port",
    set: (mqtt, value) => {
      mqtt.localPort = Number(value);
    },
    get: (mqtt) => String(mqtt.localPort),
  },
  setting("LocalPort"),
];

/** What a page has not. */
const isPage = ({ runtime }: Stage): boolean => runtime === "browser";

const local: readonly SurfaceCheck[] = [
  ...localHost.map(({ row, set, get }) => ({
    rows: [row],
    title: `${row}: the server sees the address that the client connects from`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const peer = await lab.openPeer();
      const mqtt = create();
      set(mqtt, "127.0.0.2");
      await connectTo(mqtt, peer);
      equal((await peer.client()).address, "127.0.0.2", "The client's address");
      equal(get(mqtt), "127.0.0.2", "What is read meanwhile");
    },
  })),
  ...localHost.map(({ row, set, get }) => ({
    rows: [row],
    title: `${row}: a name is looked up, and the address of the connection is read`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const peer = await lab.openPeer();
      const mqtt = create();
      set(mqtt, "localhost");
      await connectTo(mqtt, peer);
      equal(get(mqtt), (await peer.client()).address, "The address of this end");
      await mqtt.disconnect();
      equal(get(mqtt), "localhost", "The name for the next connection");
    },
  })),
  ...localPort.map(({ row, set, get }) => ({
    rows: [row],
    title: `${row}: the server sees the port that the client connects from`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const { port } = await lab.closedPort();
      const peer = await lab.openPeer();
      const mqtt = create();
      set(mqtt, String(port));
      await connectTo(mqtt, peer);
      equal((await peer.client()).port, port, "The client's port");
      equal(get(mqtt), String(port), "What is read meanwhile");
    },
  })),
  ...localPort.map(({ row, set, get }) => ({
    rows: [row],
    title: `${row}: of the system's choice, the port of the connection is read`,
    run: async ({ mqtt: create, lab }: Stage): Promise<void> => {
      const peer = await lab.openPeer();
      const mqtt = create();
      set(mqtt, "1"); // Refused where there are no ports.
      set(mqtt, "0");
      await connectTo(mqtt, peer);
      equal(get(mqtt), String((await peer.client()).port), "The port of this end");
    },
  })),
];

const remote: readonly SurfaceCheck[] = [
  {
    rows: ["property remote_host", "property remote_port", "method connect"],
    title: "The server at remoteHost and remotePort gets the CONNECT, and no other",
    run: async ({ mqtt: create, lab }) => {
      const [first, second] = [await lab.openPeer(), await lab.openPeer()];
      const mqtt = create();
      mqtt.remoteHost = first.host;
      mqtt.remotePort = first.port;
      await Promise.all([first.accept(), mqtt.connect()]);
      await mqtt.disconnect();
      mqtt.remotePort = second.port;
      await Promise.all([second.accept(), mqtt.connect()]);
      equal([await first.connectionCount(), await second.connectionCount()], [1, 1], "Connections");
    },
  },
  {
    rows: ["property remote_host"],
    title: "remoteHost: while there is a connection, the address that a name was found to have is read",
    run: async (stage) => {
      const peer = await stage.lab.openPeer({ name: "localhost" });
      const mqtt = stage.mqtt();
      await connectTo(mqtt, peer);
      // The URL of a WebSocket is kept.
      equal(mqtt.remoteHost, isPage(stage) ? "ws://localhost" : "127.0.0.1", "remoteHost");
      await mqtt.disconnect();
      equal(mqtt.remoteHost, isPage(stage) ? "ws://localhost" : "localhost", "The name for the next connection");
    },
  },
  {
    rows: ["property remote_host"],
    title: "remoteHost: a URL that begins with ws:// leads to a WebSocket, with its path",
    run: async ({ mqtt: create, lab }) => {
      const peer = await lab.openPeer({ transport: "ws" });
      const mqtt = create();
      await connectTo(mqtt, peer, { host: `${peer.host}/mqtt?a=b`, port: peer.port });
      const headers = await peer.headers();
      equal(headers["sec-websocket-protocol"], "mqtt", "The subprotocol");
    },
  },
  {
    rows: ["property remote_host", "property remote_port"],
    title: "remoteHost: the port in a WebSocket's URL is taken before remotePort",
    run: async ({ mqtt: create, lab }) => {
      const peer = await lab.openPeer({ transport: "ws" });
      const { port } = await lab.closedPort();
      await connectTo(create(), peer, { host: `${peer.host}:${peer.port}`, port });
      equal(await peer.connectionCount(), 1, "Connections");
    },
  },
  {
    rows: ["property remote_host", "error TCPClient/102", "error HTTP/152", "error HTTP/153"],
    title: "remoteHost: hosts that there cannot be are refused with 152, 153, 102 and 11001",
    run: async ({ mqtt: create, runtime, lab }) => {
      const prefix = runtime === "browser" ? "ws://" : "";
      const { port } = await lab.closedPort();
      await throwsCode(152, () => create().connectTo("", port));
      await throwsCode(152, () => create().connectTo("ws://", port));
      await throwsCode(153, () => create().connectTo("http://127.0.0.1", port));
      await throwsCode(102, () => create().connectTo(`${prefix}0.0.0.0`, port));
      await throwsCode(11001, () => create().connectTo(`${prefix}not a name`, port));
    },
  },
  {
    rows: ["property remote_port", "error TCPClient/116"],
    title: "remotePort: connecting to a port that is none is refused with 116",
    run: async ({ mqtt: create, broker: { host } }) => {
      for (const port of [0, -1, 65_536]) await throwsCode(116, () => create().connectTo(host, port));
    },
  },
  {
    rows: ["property remote_host", "property remote_port", "error TCPClient/100", "error TCPClient/101"],
    title: "remoteHost and remotePort cannot be changed while there is a connection: 101, 100",
    run: async ({ mqtt: create, broker: { host, port } }) => {
      const mqtt = create();
      const connecting = mqtt.connectTo(host, port);
      await throwsCode(101, () => (mqtt.remoteHost = "elsewhere"));
      await throwsCode(100, () => (mqtt.remotePort = 1));
      await connecting;
      await throwsCode(101, () => (mqtt.remoteHost = "elsewhere"));
      await throwsCode(100, () => (mqtt.remotePort = 1));
      await mqtt.disconnect();
      mqtt.remoteHost = host;
      mqtt.remotePort = port;
      await mqtt.connect();
    },
  },
  {
    rows: ["error TCPClient/106", "error TCPClient/107", "error TCPClient/1119"],
    title: "localHost and localPort cannot be changed while there is a connection: 107, 1119, 106",
    run: async ({ mqtt: create, broker: { host, port } }) => {
      const mqtt = create();
      await mqtt.connectTo(host, port);
      await throwsCode(107, () => (mqtt.localHost = "127.0.0.1"));
      await throwsCode(1119, () => mqtt.config("LocalHost=127.0.0.1"));
      await throwsCode(106, () => (mqtt.localPort = 5));
      await throwsCode(106, () => mqtt.config("LocalPort=5"));
    },
  },
];

const family: readonly SurfaceCheck[] = [
  {
    rows: ["config TCPClient/UseIPv6"],
    title: "UseIPv6=1: a server with an IPv6 address is reached, and none with an IPv4 address",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      mqtt.config("UseIPv6=1");
      const [four, six] = [await stage.lab.openPeer({ transport: "tcp" }), await openIPv6(stage)];
      await connectTo(mqtt, six);
      matches((await six.client()).address, /:/, "The client's address");
      await mqtt.disconnect();
      await throwsCode(10047, () => mqtt.connectTo(four.host, four.port));
      equal(await four.connectionCount(), 0, "Connections by IPv4");
    },
  },
  {
    rows: ["config TCPClient/UseIPv6"],
    title: "UseIPv6=0: a server with an IPv4 address is reached, and none with an IPv6 address",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      mqtt.config("UseIPv6=1"); // Refused where it cannot be chosen.
      mqtt.config("UseIPv6=0");
      const [four, six] = [await stage.lab.openPeer({ transport: "tcp" }), await openIPv6(stage)];
      await connectTo(mqtt, four);
      await mqtt.disconnect();
      await throwsCode(10047, () => mqtt.connectTo(six.host, six.port));
      equal(await six.connectionCount(), 0, "Connections by IPv6");
    },
  },
  {
    rows: ["config TCPClient/UseIPv6"],
    title: "UseIPv6=2: servers with either kind of address are reached",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      mqtt.config("UseIPv6=2");
      const four = await stage.lab.openPeer({ transport: "tcp", name: "localhost" });
      const six = await openIPv6(stage);
      await connectTo(mqtt, six);
      await mqtt.disconnect();
      await connectTo(mqtt, four);
      equal([await four.connectionCount(), await six.connectionCount()], [1, 1], "Connections");
    },
  },
];

async function openIPv6({ lab, notHere }: Stage): ReturnType<Stage["lab"]["openPeer"]> {
  try {
    return await lab.openPeer({ transport: "tcp", address: "::1" });
  } catch (error) {
    if (/EADDRNOTAVAIL|EAFNOSUPPORT/.test(String(error))) notHere("it has no IPv6");
    throw error;
  }
}

export const checks: readonly SurfaceCheck[] = [...local, ...remote, ...family];
