import { equal, event, textOf, type SurfaceCheck } from "../../check.ts";
import { accepted, join, joinBroker } from "../joining.ts";

export const disconnectingChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/DisconnectReasonCode", "config MQTT/DisconnectProperties"],
    title: "DisconnectReasonCode and DisconnectProperties: DISCONNECT of MQTT 5.0 has them; that of 3.1.1 is two bytes",
    run: async (stage) => {
      const prepare = (one: ReturnType<typeof stage.mqtt>): void => {
        one.config("SessionExpInterval=100");
        one.config("DisconnectReasonCode=0x04");
        one.config('DisconnectProperties={"SessionExpInterval":"7","ReasonString":"good bye"}');
      };
      const { mqtt, peer } = await join(stage, { version: 1, prepare });
      await mqtt.disconnect();
      const packet = await peer.next("disconnect");
      equal(
        [packet.reasonCode, packet.properties],
        [4, { sessionExpiryInterval: 7, reasonString: "good bye" }],
        "DISCONNECT",
      );

      mqtt.config('DisconnectProperties={"SessionExpInterval":"-1"}');
      const second = await stage.lab.openPeer();
      await accepted(mqtt, second);
      await mqtt.disconnect();
      const { reasonCode, properties } = await second.next("disconnect");
      equal([reasonCode, properties], [4, { reasonString: "good bye" }], "DISCONNECT after one value was reset");

      mqtt.config("DisconnectProperties=");
      mqtt.config("DisconnectReasonCode=-1");
      const third = await stage.lab.openPeer();
      await accepted(mqtt, third);
      await mqtt.disconnect();
      equal((await third.next("disconnect")).hex, "e000", "The bytes of DISCONNECT after all was reset");

      const { mqtt: old, peer: oldPeer } = await join(stage, { version: 0, prepare });
      await old.disconnect();
      equal((await oldPeer.next("disconnect")).hex, "e000", "The bytes of DISCONNECT in MQTT 3.1.1");
    },
  },
  {
    rows: ["config MQTT/DisconnectReasonCode", "config MQTT/DisconnectProperties"],
    title: "What a DISCONNECT of the server had reads back, and what was set is what is sent the next time",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        version: 1,
        prepare: (one) => {
          one.config("DisconnectReasonCode=4");
          one.config('DisconnectProperties={"ReasonString":"mine"}');
        },
      });
      const over = event(mqtt, "disconnected");
      await peer.send({ type: "disconnect", reasonCode: 0x8b, properties: { reasonString: "going down" } });
      await peer.end();
      await over;
      equal(mqtt.config("DisconnectReasonCode"), "139", "DisconnectReasonCode");
      equal(JSON.parse(mqtt.config("DisconnectProperties")), { ReasonString: "going down" }, "DisconnectProperties");
      const second = await stage.lab.openPeer();
      await accepted(mqtt, second);
      await mqtt.disconnect();
      const { reasonCode, properties } = await second.next("disconnect");
      equal([reasonCode, properties], [4, { reasonString: "mine" }], "DISCONNECT of ours");
    },
  },
  {
    rows: ["config MQTT/DisconnectReasonCode"],
    title: "DisconnectReasonCode=4: mosquitto publishes the will, although the end is a good one",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(topic);
      for (const [code, text] of [
        ["0", "not to be seen"],
        ["4", "seen"],
      ] as const) {
        const mqtt = await joinBroker(stage, (one) => {
          one.version = 1;
          one.willTopic = topic;
          one.willMessage = text;
          one.config(`DisconnectReasonCode=${code}`);
        });
        await mqtt.disconnect();
      }
      equal(textOf((await witness.next()).payload), "seen", "The first will that came");
    },
  },
];
