import { equal, events, ok, throwsCode, until, type SurfaceCheck } from "../../check.ts";
import { accepted, join } from "../joining.ts";

const configChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method config"],
    title: "config takes names in any case and every boolean word, as CONNECT shows; it reads back True or False",
    run: async (stage) => {
      for (const [word, expected] of [
        ["True", true],
        ["no", false],
        ["YES", true],
        ["false", false],
        ["1", true],
        ["0", false],
      ] as const) {
        const { mqtt, connect } = await join(stage, {
          prepare: (one) => {
            one.willTopic = "surface/will";
            one.config("willQOS=2");
            one.config(`WILLRETAIN=${word}`);
          },
        });
        equal([connect.will?.qos, connect.will?.retain], [2, expected], `The will in CONNECT, with ${word}`);
        equal(
          [mqtt.config("WillQos"), mqtt.config("willretain")],
          ["2", expected ? "True" : "False"],
          "What reads back",
        );
      }
    },
  },
  {
    rows: ["method config", "error TCP/IP/10022"],
    title: "config throws 10022 at once for what is no setting and for what is no value, and changes nothing",
    run: async (stage) => {
      const { connect } = await join(stage, {
        prepare: (one) => {
          one.willTopic = "surface/will";
          const wrong = ["NoSuchSetting", "NoSuchSetting=1", "", "=", "WillRetain=maybe", "WillQOS=3", "WillQOS=x"];
          for (const text of wrong) {
            let code: unknown;
            try {
              one.config(text);
            } catch (error) {
              ({ code } = error as { code: number });
            }
            equal(code, 10022, `The code for "${text}"`);
          }
        },
      });
      equal([connect.will?.qos, connect.will?.retain], [0, false], "The will in CONNECT");
    },
  },
];

const resetChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method reset"],
    title: "After reset everything has its default: the next CONNECT and PUBLISH are those of a new object",
    run: async (stage) => {
      const { mqtt, peer, connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          const words = { clientId: "surface-reset", user: "somebody", password: "secret" };
          Object.assign(one, words, { cleanSession: false, keepAliveInterval: 20, timeout: 5 });
          Object.assign(one, { willTopic: "surface/will", willMessage: "gone" });
          for (const each of ["WillQOS=1", "Retain=True", "Duplicate=True", "ResponseTopic=surface/r"])
            one.config(each);
        },
      });
      equal(connect.will?.qos, 1, "The QoS of the will before");
      await mqtt.disconnect();
      mqtt.reset();
      equal([mqtt.remoteHost, mqtt.remotePort, mqtt.timeout], ["", 1883, 60], "Some properties");
      const again = Promise.all([peer.nextConnection(), mqtt.connectTo(peer.host, peer.port)]);
      const second = await Promise.race([peer.connection(1), again.then(([one]) => one)]);
      const plain = await second.accept();
      await again;
      const { protocolVersion, cleanStart, keepAlive, will, userName, password } = plain;
      equal([protocolVersion, cleanStart, keepAlive], [4, true, 0], "CONNECT");
      equal([will, userName, password], [undefined, undefined, undefined], "The will and the credentials in CONNECT");
      ok(plain.clientIdentifier !== "surface-reset", "CONNECT has the Client Identifier from before");
      await mqtt.publishMessage("surface/reset", 1, "text");
      equal((await second.next("publish")).hex.slice(0, 2), "32", "The first byte of PUBLISH");
    },
  },
  {
    rows: ["method reset"],
    title: "reset while connected ends the connection and forgets what was under way",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await mqtt.publishMessage("surface/under-way", 1, "text");
      await peer.next("publish");
      mqtt.reset();
      equal(
        [mqtt.connected, mqtt.outgoingMessageCount, mqtt.clientId],
        [false, 0, ""],
        "`connected`, count and clientId",
      );
      await peer.ended();
      const next = await stage.lab.openPeer();
      await accepted(mqtt, next, { sessionPresent: false });
      await mqtt.publishMessage("surface/new", 0, "");
      const packet = await next.next();
      equal(packet.type === "publish" && packet.topicName, "surface/new", "What came first");
    },
  },
];

const secret = "a very secret word";

const logChecks: readonly SurfaceCheck[] = [
  {
    rows: ["event on_log", "config MQTT/LogLevel"],
    title: "onLog tells nothing at LogLevel 0, and up to that level at 1, 2 and 3; never a password or a payload",
    run: async (stage) => {
      const counts: number[] = [];
      for (const level of [0, 1, 2, 3]) {
        const mqtt = stage.mqtt();
        const seen = events(mqtt, "log");
        const peer = await stage.lab.openPeer({ answers: true });
        Object.assign(mqtt, { user: "somebody", password: secret });
        mqtt.config(`LogLevel=${level}`);
        await mqtt.connectTo(peer.host, peer.port);
        await mqtt.subscribe("surface/log", 1);
        await mqtt.publishMessage("surface/log", 1, secret);
        await until(() => mqtt.outgoingMessageCount === 0);
        await mqtt.disconnect();
        const most = Math.max(0, ...seen.map(({ logLevel }) => logLevel));
        equal(most, level, `The highest level at LogLevel ${level}`);
        ok(!seen.some(({ message }) => message.includes(secret)), "The log has a secret");
        ok(
          seen.every(({ message }) => message !== ""),
          "The log has an entry without words",
        );
        counts.push(seen.length);
      }
      const [none = 0, one = 0, two = 0, three = 0] = counts;
      ok(none === 0 && one > 0 && two > one && three > two, `There were ${counts.join(", ")} entries`);
    },
  },
  {
    rows: ["event on_log"],
    title: "onLog has entries of the types Packet, with each packet of the wire, Info and Session",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      const seen = events(mqtt, "log");
      mqtt.config("LogLevel=3");
      Object.assign(mqtt, { clientId: "surface-log", cleanSession: false });
      const peer = await stage.lab.openPeer({ answers: ["subscribe", "publish"] });
      await accepted(mqtt, peer, { sessionPresent: true });
      await mqtt.subscribe("surface/log", 1);
      await mqtt.publishMessage("surface/log", 1, "text");
      await until(() => mqtt.outgoingMessageCount === 0);
      await mqtt.disconnect();
      const packets = seen.filter(({ logType }) => logType === "Packet");
      for (const type of ["CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK", "PUBLISH", "PUBACK", "DISCONNECT"]) {
        ok(
          packets.some(({ message }) => message.startsWith(`${type} `)),
          `The log has no ${type}`,
        );
      }
      ok(
        packets.every(({ logLevel }) => logLevel === 3),
        "A packet is logged at another level than 3",
      );
      for (const type of ["Info", "Session"] as const) {
        ok(
          seen.some(({ logType }) => logType === type),
          `The log has no ${type}`,
        );
      }
    },
  },
  {
    rows: ["event on_log", "config MQTT/AutoReconnect"],
    title: "onLog has entries of the type Reconnect while the object connects again by itself",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          one.config("AutoReconnect=True");
          one.config("LogLevel=2");
        },
      });
      const seen = events(mqtt, "log");
      await peer.end();
      const second = await peer.nextConnection();
      await second.accept();
      await until(() => mqtt.connected);
      ok(
        seen.some(({ logType }) => logType === "Reconnect"),
        "The log has no Reconnect",
      );
    },
  },
];

const errorChecks: readonly SurfaceCheck[] = [
  {
    rows: ["event on_error", "event on_message_in"],
    title: "onError tells of a handler that throws; the message is acknowledged, and the next one comes",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const failed = events(mqtt, "error");
      const came = events(mqtt, "messageIn");
      mqtt.onMessageIn = () => {
        throw new Error("A handler's own trouble");
      };
      for (const packetIdentifier of [1, 2]) {
        await peer.send({
          type: "publish",
          topicName: "surface/error",
          payload: Uint8Array.of(1),
          qos: 1,
          packetIdentifier,
        });
        equal((await peer.next("puback")).packetIdentifier, packetIdentifier, "The Packet Identifier of PUBACK");
        await until(() => failed.length === packetIdentifier);
      }
      ok(
        failed.every(({ errorCode }) => errorCode > 0),
        "An error has no code",
      );
      ok(
        failed.every(({ description }) => description.includes("A handler's own trouble")),
        "An error does not say why",
      );
      equal([came.length, mqtt.connected], [2, true], "Messages, and `connected`");
      mqtt.onError = () => {
        throw new Error("More trouble");
      };
      await peer.send({ type: "publish", topicName: "surface/error", payload: Uint8Array.of(1) });
      await until(() => came.length === 3);
      equal(mqtt.connected, true, "`connected`, when the handler for errors throws too");
    },
  },
];

const listenerChecks: readonly SurfaceCheck[] = [
  {
    rows: [
      "event on_connected",
      "event on_disconnected",
      "event on_message_ack",
      "event on_message_in",
      "event on_message_out",
      "event on_ready_to_send",
      "event on_subscribed",
      "event on_unsubscribed",
    ],
    title: "Each event goes to the handler that is assigned and to listeners, until they are taken off",
    run: async (stage) => {
      const names = ["connected", "disconnected", "messageAck", "messageIn", "messageOut", "readyToSend"] as const;
      const all = [...names, "subscribed", "unsubscribed"] as const;
      const peer = await stage.lab.openPeer({ answers: true });
      const mqtt = stage.mqtt();
      const order: string[] = [];
      const offs = all.map((name) => mqtt.on(name, () => order.push(`${name}, listener`)));
      for (const name of all) {
        const property = `on${name.charAt(0).toUpperCase()}${name.slice(1)}`;
        Object.assign(mqtt, { [property]: () => order.push(`${name}, handler`) });
      }
      const live = async (): Promise<void> => {
        await mqtt.connectTo(peer.host, peer.port);
        await mqtt.subscribe("surface/listen", 1);
        await mqtt.publishMessage("surface/listen", 1, "text");
        await until(() => mqtt.outgoingMessageCount === 0);
        const connection = await peer.connection((await peer.connectionCount()) - 1);
        await connection.send({ type: "publish", topicName: "surface/listen", payload: Uint8Array.of(1) });
        await mqtt.unsubscribe("surface/listen");
        await mqtt.disconnect();
      };
      await live();
      const each = (name: string): string[] => [`${name}, handler`, `${name}, listener`];
      const happened = ["connected", "readyToSend", "subscribed", "messageAck", "messageOut", "messageIn"];
      equal(order, [...happened, "unsubscribed", "disconnected"].flatMap(each), "The events");
      order.length = 0;
      for (const off of offs) off();
      for (const name of all) {
        Object.assign(mqtt, { [`on${name.charAt(0).toUpperCase()}${name.slice(1)}`]: undefined });
      }
      await live();
      equal(order, [], "The events when nobody listens any more");
    },
  },
];

const unknownChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method config"],
    title: "config of a setting that only tells something is 211 when it is set",
    run: async ({ mqtt: newMqtt }) => {
      const mqtt = newMqtt();
      await throwsCode(211, () => mqtt.config("SessionPresent=True"));
      equal(mqtt.config("SessionPresent"), "False", "SessionPresent");
    },
  },
];

export const configuringChecks: readonly SurfaceCheck[] = [
  ...configChecks,
  ...unknownChecks,
  ...resetChecks,
  ...logChecks,
  ...errorChecks,
  ...listenerChecks,
];
