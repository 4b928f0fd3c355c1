import { equal, event, events, matches, ok, throwsCode, until, type SurfaceCheck } from "../../check.ts";
import { accepted, join } from "../joining.ts";
import { rejectionsDuring } from "./rejections.ts";

const connectChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method connect", "event on_connected", "property remote_host", "property remote_port"],
    title:
      "connect reaches the server at remoteHost and remotePort; it and onConnected tell when the server has accepted",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      const told = events(mqtt, "connected");
      mqtt.remoteHost = peer.host;
      mqtt.remotePort = peer.port;
      const connecting = mqtt.connect();
      const connect = await Promise.race([peer.next("connect"), connecting.then(() => undefined)]);
      equal(connect?.type, "connect", "What the server got first");
      equal([mqtt.connected, told.length], [false, 0], "`connected`, and events, before CONNACK");
      await peer.send({ type: "connack" });
      await connecting;
      equal(mqtt.connected, true, "`connected` after CONNACK");
      equal(told, [{ statusCode: 0, description: "OK" }], "onConnected");
    },
  },
  {
    rows: ["method connect", "error TCPClient/104", "error TCPClient/1105"],
    title: "A second connect is 1105 while the first is under way and 104 after it; the server sees one connection",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      const connecting = mqtt.connectTo(peer.host, peer.port);
      await Promise.race([peer.next("connect"), connecting]);
      await throwsCode(1105, () => mqtt.connect());
      await peer.send({ type: "connack" });
      await connecting;
      await throwsCode(104, () => mqtt.connect());
      equal(await peer.connectionCount(), 1, "How many connections there were");
    },
  },
  {
    rows: ["method connect", "event on_connected", "error MQTT/500"],
    title: "A CONNACK that refuses: connect rejects with 500, and onConnected tells the same",
    run: async (stage) => {
      for (const [version, reasonCode] of [
        [0, 5],
        [1, 0x87],
      ] as const) {
        const peer = await stage.lab.openPeer();
        const mqtt = stage.mqtt();
        mqtt.version = version;
        const told = events(mqtt, "connected");
        const accepting = peer.accept({ reasonCode });
        const error = await throwsCode(500, "MQTT", () =>
          Promise.all([mqtt.connectTo(peer.host, peer.port), accepting]),
        );
        equal(told, [{ statusCode: 500, description: error.message }], "onConnected");
        equal(mqtt.connected, false, "`connected`");
      }
    },
  },
  {
    rows: ["method connect_to"],
    title: "connectTo sets remoteHost and remotePort, and connects there",
    run: async ({ mqtt: newMqtt, lab }) => {
      const [first, second] = await Promise.all([lab.openPeer(), lab.openPeer()]);
      const mqtt = newMqtt();
      mqtt.remoteHost = first.host;
      mqtt.remotePort = first.port;
      await accepted(mqtt, second);
      equal([await first.connectionCount(), await second.connectionCount()], [0, 1], "Connections of the two servers");
      equal(mqtt.remotePort, second.port, "remotePort");
    },
  },
  {
    rows: ["method connect_to"],
    title: "connectTo with a host that begins with ws:// speaks WebSocket, with the subprotocol mqtt",
    run: async (stage) => {
      const { mqtt, peer, connect } = await join(stage, { peer: { transport: "ws" } });
      matches(peer.host, /^ws:/, "The host");
      const headers = await peer.headers();
      equal(headers["sec-websocket-protocol"], "mqtt", "The subprotocol");
      equal(connect.type, "connect", "The first packet");
      equal(mqtt.connected, true, "`connected`");
    },
  },
];

const connectedChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property connected", "event on_connected", "event on_disconnected"],
    title: "`connected = true` connects, `connected = false` sends DISCONNECT and closes; events tell of both",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      mqtt.remoteHost = peer.host;
      mqtt.remotePort = peer.port;
      const told = event(mqtt, "connected");
      mqtt.connected = true;
      equal(mqtt.connected, false, "`connected` while connecting");
      await Promise.race([peer.accept(), told]);
      equal(await told, { statusCode: 0, description: "OK" }, "onConnected");
      equal(mqtt.connected, true, "`connected` afterwards");
      const over = event(mqtt, "disconnected");
      mqtt.connected = false;
      await peer.next("disconnect");
      equal(await peer.ended(), "end", "How the connection ended");
      equal(await over, { statusCode: 0, description: "OK" }, "onDisconnected");
      equal(mqtt.connected, false, "`connected` at the end");
    },
  },
  {
    rows: ["property connected", "event on_connected"],
    title: "`connected = true` where nobody listens: onConnected tells the code, and no rejection is left unhandled",
    isAlone: true, // Rejections are those of all checks.
    run: async ({ mqtt: newMqtt, lab }) => {
      const { host, port } = await lab.closedPort();
      const mqtt = newMqtt();
      mqtt.remoteHost = host;
      mqtt.remotePort = port;
      const rejections = await rejectionsDuring(async () => {
        const told = event(mqtt, "connected");
        mqtt.connected = true;
        const { statusCode, description } = await told;
        ok(statusCode > 0 && description !== "OK", `onConnected tells ${statusCode}, ${description}`);
      });
      equal(rejections, [], "Unhandled rejections");
      equal(mqtt.connected, false, "`connected`");
    },
  },
  {
    rows: ["property connected", "event on_connected"],
    title: "`connected = true` with settings that cannot be: onConnected tells the code, and nothing is unhandled",
    isAlone: true,
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      mqtt.remoteHost = peer.host;
      mqtt.remotePort = peer.port;
      mqtt.cleanSession = false;
      const rejections = await rejectionsDuring(async () => {
        const told = event(mqtt, "connected");
        mqtt.connected = true;
        ok((await told).statusCode > 0, "onConnected tells of success");
      });
      equal(rejections, [], "Unhandled rejections");
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
];

const disconnectChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method disconnect", "event on_disconnected"],
    title: "disconnect sends DISCONNECT as the last packet and closes; onDisconnected tells 0, OK",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        const told = events(mqtt, "disconnected");
        await mqtt.disconnect();
        const { hex } = await peer.next("disconnect");
        equal(hex, "e000", "The bytes of DISCONNECT");
        await peer.ended();
        equal(await peer.waiting(), [], "Packets behind it");
        await until(() => told.length > 0);
        equal(told, [{ statusCode: 0, description: "OK" }], "onDisconnected");
        equal(mqtt.connected, false, "`connected`");
      }
    },
  },
  {
    rows: ["method disconnect"],
    title: "disconnect without a connection does nothing, and what is sent before it arrives",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await mqtt.publishMessage("surface/last", 0, "words");
      await mqtt.disconnect();
      equal([(await peer.next()).type, (await peer.next()).type], ["publish", "disconnect"], "What came");
      await mqtt.disconnect();
      await stage.mqtt().disconnect();
      equal(await peer.connectionCount(), 1, "How many connections there were");
    },
  },
  {
    rows: ["event on_disconnected", "property connected"],
    title: "onDisconnected tells that the server has hung up, once, and the object can connect anew",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const told = events(mqtt, "disconnected");
      await peer.end();
      await until(() => told.length > 0);
      equal(
        told.map(({ statusCode }) => statusCode),
        [1120],
        "onDisconnected",
      );
      equal(mqtt.connected, false, "`connected`");
      const again = mqtt.connect();
      const second = await Promise.race([peer.nextConnection(), again.then(() => undefined)]);
      await second?.accept();
      await again;
      equal([mqtt.connected, told.length], [true, 1], "`connected`, and how often onDisconnected was");
    },
  },
  {
    rows: ["event on_disconnected", "config MQTT/DisconnectReasonCode", "config MQTT/DisconnectProperties"],
    title: "onDisconnected after a DISCONNECT of the server is not OK, and its code and reason read back",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1 });
      const told = event(mqtt, "disconnected");
      await peer.send({ type: "disconnect", reasonCode: 0x8b, properties: { reasonString: "closing time" } });
      ok((await told).statusCode !== 0, "onDisconnected tells OK");
      equal(mqtt.config("DisconnectReasonCode"), String(0x8b), "DisconnectReasonCode");
      const properties = JSON.parse(mqtt.config("DisconnectProperties")) as Record<string, string>;
      equal(properties["ReasonString"], "closing time", "ReasonString");
    },
  },
];

const repeatedChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property connected", "event on_disconnected"],
    title: "`connected = true` in onDisconnected connects again, as often as the server hangs up",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const told = events(mqtt, "connected");
      mqtt.onDisconnected = () => {
        mqtt.connected = true;
      };
      await peer.end();
      for (const count of [1, 2]) {
        const next = await peer.nextConnection();
        await next.accept();
        await until(() => told.length === count);
        equal(mqtt.connected, true, "`connected`");
        await mqtt.publishMessage("surface/again", 0, "");
        equal((await next.next()).type, "publish", "What came");
        if (count === 1) await next.end();
      }
      mqtt.onDisconnected = undefined;
    },
  },
  {
    rows: ["property connected", "event on_connected"],
    title:
      "`connected = true` in onConnected that tells of a failure tries again; the first connect rejects with its own",
    run: async ({ mqtt: newMqtt, lab }) => {
      const [refusing, willing] = await Promise.all([lab.openPeer(), lab.openPeer()]);
      const mqtt = newMqtt();
      const codes: number[] = [];
      mqtt.onConnected = ({ statusCode }) => {
        codes.push(statusCode);
        if (statusCode === 0) return;
        mqtt.remoteHost = willing.host;
        mqtt.remotePort = willing.port;
        mqtt.connected = true;
      };
      const accepting = refusing.accept({ reasonCode: 3 });
      await throwsCode(500, "MQTT", () => Promise.all([mqtt.connectTo(refusing.host, refusing.port), accepting]));
      await willing.accept();
      await until(() => codes.length === 2);
      equal([codes, mqtt.connected], [[500, 0], true], "The codes, and `connected`");
    },
  },
];

export const connectingChecks: readonly SurfaceCheck[] = [
  ...connectChecks,
  ...connectedChecks,
  ...disconnectChecks,
  ...repeatedChecks,
];
