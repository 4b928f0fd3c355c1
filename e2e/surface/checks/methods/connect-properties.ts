import type { MQTT } from "@rivulet/component";

import { equal, event, matches, ok, textOf, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

/** The CONNECT that goes with these settings. */
async function connectWith(stage: Stage, version: number, prepare: (mqtt: MQTT) => void): ReturnType<typeof join> {
  return join(stage, { version, prepare });
}

const bothVersions = [0, 1] as const;

const sessionChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property clean_session"],
    title: "cleanSession is the flag in CONNECT: Clean Session in MQTT 3.1.1, Clean Start in MQTT 5.0",
    run: async (stage) => {
      for (const version of bothVersions) {
        const clean = await connectWith(stage, version, () => undefined);
        equal(clean.connect.cleanStart, true, "The flag by default");
        const kept = await connectWith(stage, version, (mqtt) => {
          mqtt.cleanSession = false;
          mqtt.clientId = "surface-kept";
        });
        equal(kept.connect.cleanStart, false, "The flag when it is false");
      }
    },
  },
  {
    rows: ["property clean_session", "config MQTT/SessionPresent"],
    title: "mosquitto has a session for whoever comes back with cleanSession false, and none after true",
    run: async ({ broker, mqtt: newMqtt, topic }) => {
      const clientId = topic().replaceAll("/", "-");
      const present: string[] = [];
      for (const cleanSession of [true, false, false, true, false]) {
        const mqtt = newMqtt();
        Object.assign(mqtt, { clientId, cleanSession });
        await mqtt.connectTo(broker.host, broker.port);
        present.push(mqtt.config("SessionPresent"));
        await mqtt.disconnect();
      }
      equal(present, ["False", "False", "True", "False", "False"], "SessionPresent, each time");
    },
  },
  {
    rows: ["property client_id"],
    title: "clientId is the Client Identifier in CONNECT; one is made, and read back, where it is empty",
    run: async (stage) => {
      const { connect } = await connectWith(stage, 0, (mqtt) => {
        mqtt.clientId = "surface-küche";
      });
      equal(connect.clientIdentifier, "surface-küche", "The one that was set");
      const made: string[] = [];
      for (const version of bothVersions) {
        const { mqtt, connect: other } = await connectWith(stage, version, () => undefined);
        matches(other.clientIdentifier, /./, "The one that was made");
        equal(mqtt.clientId, other.clientIdentifier, "clientId");
        made.push(other.clientIdentifier);
      }
      ok(made[0] !== made[1], "The same was made twice");
    },
  },
  {
    rows: ["property client_id", "property clean_session"],
    title: "An empty clientId with cleanSession false fails in both versions, and no server sees a connection",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      for (const version of bothVersions) {
        const mqtt = newMqtt();
        Object.assign(mqtt, { version, cleanSession: false });
        const told = event(mqtt, "connected");
        let code = 0;
        try {
          await mqtt.connectTo(peer.host, peer.port);
        } catch (error) {
          ({ code } = error as { code: number });
        }
        ok(code > 0, "It connected");
        equal((await told).statusCode, code, "The code in onConnected");
      }
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
];

const credentialChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property user", "property password"],
    title: "user and password stand in CONNECT; a user may come alone, and in MQTT 5.0 a password",
    run: async (stage) => {
      for (const version of bothVersions) {
        for (const [user, password] of [
          ["", ""],
          ["sénsor", ""],
          ["sénsor", "p@ss wörd"],
          ...(version === 1 ? [["", "a token"] as const] : []),
        ] as const) {
          const { connect } = await connectWith(stage, version, (mqtt) => {
            Object.assign(mqtt, { user, password });
          });
          const sent = [connect.userName ?? "", connect.password === undefined ? "" : textOf(connect.password)];
          equal(sent, [user, password], "User name and password in CONNECT");
          equal(connect.userName === undefined, user === "", "Whether there is no user name");
          equal(connect.password === undefined, password === "", "Whether there is no password");
        }
      }
    },
  },
  {
    rows: ["property user", "property password"],
    title: "A password without a user cannot be in MQTT 3.1.1: connecting fails, and no CONNECT has one",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      mqtt.password = "a token";
      await throwsCode(500, "MQTT", () => mqtt.connectTo(peer.host, peer.port));
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
  {
    rows: ["property user", "property password"],
    title: "mosquitto lets in whoever has the right user and password, and nobody else",
    run: async ({ mqtt: newMqtt, lab }) => {
      const { host, port, username, password } = await lab.guardedBroker();
      const mqtt = newMqtt();
      Object.assign(mqtt, { user: username, password });
      await mqtt.connectTo(host, port);
      ok(mqtt.connected, "It is not connected");
      const wrong = newMqtt();
      Object.assign(wrong, { user: username, password: `${password}?` });
      await throwsCode(500, "MQTT", () => wrong.connectTo(host, port));
      await throwsCode(500, "MQTT", () => newMqtt().connectTo(host, port));
    },
  },
];

const otherChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property version"],
    title: "version decides about the protocol level in CONNECT: 4 by default and for 0, 5 for 1",
    run: async (stage) => {
      const levels: number[] = [];
      for (const version of [undefined, ...bothVersions]) {
        const { connect } = await join(stage, version === undefined ? {} : { version });
        // The fixed header, its length, and "MQTT" with its length stand before it.
        levels.push(parseInt(connect.hex.slice(16, 18), 16));
      }
      equal(levels, [4, 4, 5], "The protocol levels");
      await throwsCode(10022, () => {
        stage.mqtt().version = 2;
      });
    },
  },
  {
    rows: ["property will_topic", "property will_message"],
    title: "willTopic and willMessage stand in CONNECT; without a topic there is no will",
    run: async (stage) => {
      for (const version of bothVersions) {
        const { connect } = await connectWith(stage, version, (mqtt) => {
          Object.assign(mqtt, { willTopic: "surface/will", willMessage: "gone, früher als sonst" });
        });
        const { will } = connect;
        equal([will?.topic, will && textOf(will.payload)], ["surface/will", "gone, früher als sonst"], "The will");
        equal([will?.qos, will?.retain], [0, false], "Its QoS and its flag");
        const without = await connectWith(stage, version, (mqtt) => {
          mqtt.willMessage = "to nobody";
        });
        equal(without.connect.will, undefined, "The will without a topic");
        const empty = await connectWith(stage, version, (mqtt) => {
          mqtt.willTopic = "surface/will";
        });
        equal(empty.connect.will?.payload.length, 0, "The length of a will without a message");
      }
    },
  },
  {
    rows: ["property keep_alive_interval", "property will_topic", "property will_message", "error TCPClient/211"],
    title: "What CONNECT has told the server cannot be set while connected: 211; afterwards it goes into the next one",
    run: async (stage) => {
      const { mqtt, peer, connect } = await join(stage, {
        prepare: (one) => Object.assign(one, { clientId: "surface-fixed", keepAliveInterval: 30 }),
      });
      const values = {
        keepAliveInterval: 7,
        willTopic: "surface/w",
        willMessage: "w",
        version: 1,
        cleanSession: false,
      };
      for (const [name, value] of Object.entries(values)) {
        await throwsCode(211, "TCPClient", () => Object.assign(mqtt, { [name]: value }));
      }
      await mqtt.disconnect();
      const again = mqtt.connect();
      const second = await Promise.race([peer.nextConnection(), again.then(() => undefined)]);
      const same = await second?.accept();
      await again;
      equal(same?.hex, connect.hex, "The second CONNECT, which nothing has changed");
      await mqtt.disconnect();
      Object.assign(mqtt, values);
      const changing = mqtt.connect();
      const third = await Promise.race([peer.nextConnection(), changing.then(() => undefined)]);
      const changed = await third?.accept();
      await changing;
      equal([changed?.protocolVersion, changed?.keepAlive, changed?.will?.topic], [5, 7, "surface/w"], "The third");
    },
  },
];

export const connectPropertyChecks: readonly SurfaceCheck[] = [...sessionChecks, ...credentialChecks, ...otherChecks];
