import { equal, event, ok, textOf, throwsCode, until, type SurfaceCheck } from "../../check.ts";
import { accepted, join } from "../joining.ts";

export const sessionChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/SessionPresent"],
    title: "SessionPresent is what CONNACK said, already in onConnected, and false before",
    run: async (stage) => {
      for (const [cleanSession, sessionPresent] of [
        [false, true],
        [false, false],
        [true, false],
      ] as const) {
        const peer = await stage.lab.openPeer();
        const mqtt = stage.mqtt();
        mqtt.clientId = "surface-present";
        mqtt.cleanSession = cleanSession;
        equal(mqtt.config("SessionPresent"), "False", "SessionPresent before");
        let inHandler = "";
        mqtt.onConnected = () => {
          inHandler = mqtt.config("SessionPresent");
        };
        const connect = await accepted(mqtt, peer, { sessionPresent });
        equal(connect.cleanStart, cleanSession, "Clean Session in CONNECT");
        const expected = sessionPresent ? "True" : "False";
        equal([inHandler, mqtt.config("SessionPresent")], [expected, expected], "SessionPresent");
        await throwsCode(211, () => mqtt.config("SessionPresent=True"));
      }
    },
  },
  {
    rows: ["config MQTT/SessionPresent"],
    title: "SessionPresent: mosquitto has a session of a client that left one, and none of a new one",
    run: async (stage) => {
      const seen: string[] = [];
      const clientId = stage.topic().replaceAll("/", "-");
      for (const _ of ["first", "second"]) {
        const mqtt = stage.mqtt();
        mqtt.clientId = clientId;
        mqtt.cleanSession = false;
        await mqtt.connectTo(stage.broker.host, stage.broker.port);
        seen.push(mqtt.config("SessionPresent"));
        await mqtt.disconnect();
      }
      equal(seen, ["False", "True"], "SessionPresent at the first connection and at the second");
      const last = stage.mqtt();
      last.clientId = clientId; // Takes it away again.
      await last.connectTo(stage.broker.host, stage.broker.port);
      equal(last.config("SessionPresent"), "False", "SessionPresent with a clean session");
    },
  },
  {
    rows: ["config MQTT/SessionExpInterval"],
    title: "SessionExpInterval: CONNECT has it, and mosquitto keeps the session for as long, or not at all",
    run: async (stage) => {
      const seen: string[] = [];
      const clientId = stage.topic().replaceAll("/", "-");
      for (const seconds of ["60", "0", ""]) {
        const mqtt = stage.mqtt();
        Object.assign(mqtt, { version: 1, clientId, cleanSession: false });
        mqtt.config(`SessionExpInterval=${seconds}`);
        await mqtt.connectTo(stage.broker.host, stage.broker.port);
        seen.push(mqtt.config("SessionPresent"));
        await mqtt.disconnect();
      }
      equal(seen, ["False", "True", "False"], "Whether there was a session");
      const { connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          one.config("SessionExpInterval=4294967295");
        },
      });
      equal(connect.properties?.sessionExpiryInterval, 0xffff_ffff, "The Session Expiry Interval of CONNECT");
    },
  },
  {
    rows: ["config MQTT/SessionStateFile"],
    title: "SessionStateFile: saveSession writes it, restoreSession reads it, and what was under way is sent again",
    run: async (stage) => {
      const directory = await stage.lab.directory();
      const file = `${directory}/session-state`;
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          one.config(`SessionStateFile=${file}`);
          one.clientId = "surface-file";
          one.cleanSession = false;
        },
      });
      await mqtt.publishMessage("surface/kept", 1, "kept");
      const { packetIdentifier } = await peer.next("publish");
      const text = mqtt.saveSession();
      const over = event(mqtt, "disconnected");
      await peer.reset();
      await over;
      const bytes = await stage.lab.readFile(file);
      ok(bytes !== undefined, "There is no file");
      equal(textOf(bytes), text, "What the file has");

      const other = stage.mqtt();
      other.clientId = "surface-file";
      other.config(`SessionStateFile=${file}`);
      other.restoreSession("is not looked at");
      equal(other.cleanSession, false, "cleanSession after restoreSession");
      const second = await stage.lab.openPeer({ answers: ["publish"] });
      await accepted(other, second, { sessionPresent: true });
      const again = await second.next("publish");
      equal(
        [again.topicName, again.duplicate, again.packetIdentifier, textOf(again.payload)],
        ["surface/kept", true, packetIdentifier, "kept"],
        "What was sent again",
      );
      await until(() => other.outgoingMessageCount === 0);
    },
  },
  {
    rows: ["config MQTT/SessionStateFile"],
    title: "SessionStateFile: a file that cannot be read or written is 302 of TCPClient",
    run: async (stage) => {
      const directory = await stage.lab.directory();
      const mqtt = stage.mqtt();
      mqtt.config(`SessionStateFile=${directory}/none/there`);
      await throwsCode(302, "TCPClient", () => {
        mqtt.restoreSession("");
      });
      await throwsCode(302, "TCPClient", () => mqtt.saveSession());
    },
  },
];
