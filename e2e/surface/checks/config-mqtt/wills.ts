import { equal, textOf, type SurfaceCheck } from "../../check.ts";
import { join, joinBroker } from "../joining.ts";

export const willChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/WillQOS", "config MQTT/WillRetain"],
    title: "WillQOS and WillRetain: the will in CONNECT has them, in both versions, and 0 and false without",
    run: async (stage) => {
      for (const version of [0, 1]) {
        for (const [qos, retain] of [
          [1, "True"],
          [2, "No"],
          [0, "1"],
          [undefined, undefined],
        ] as const) {
          const { connect } = await join(stage, {
            version,
            prepare: (one) => {
              one.willTopic = "surface/will";
              one.willMessage = "gone";
              if (qos !== undefined) one.config(`WillQOS=${qos}`);
              if (retain !== undefined) one.config(`WillRetain=${retain}`);
            },
          });
          const isRetained = retain === "True" || retain === "1";
          equal(
            [connect.will?.qos, connect.will?.retain],
            [qos ?? 0, isRetained],
            `The will, set to ${qos} and ${retain}`,
          );
        }
      }
    },
  },
  {
    rows: ["config MQTT/WillQOS", "config MQTT/WillRetain", "config MQTT/WillProperties"],
    title: "Without a willTopic, CONNECT has nothing of what is set for the will",
    run: async (stage) => {
      const { connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          one.config("WillQOS=1");
          one.config("WillRetain=True");
          one.config('WillProperties={"WillDelayInterval":"10"}');
        },
      });
      equal(connect.will, undefined, "The will");
    },
  },
  {
    rows: ["config MQTT/WillProperties"],
    title: "WillProperties: the will in CONNECT of MQTT 5.0 has them, under either spelling; that of 3.1.1 has none",
    run: async (stage) => {
      const all = {
        ContentType: "text/plain",
        CorrelationData: "00fF",
        MessageExpInterval: 3600,
        PayloadFormatIndicator: "1",
        ReponseTopic: "surface/answers",
        WillDelayInterval: "10",
      };
      for (const version of [0, 1]) {
        const { connect } = await join(stage, {
          version,
          prepare: (one) => {
            one.willTopic = "surface/will";
            one.config(`WillProperties=${JSON.stringify(all)}`);
          },
        });
        const expected = {
          contentType: "text/plain",
          correlationData: Uint8Array.of(0, 0xff),
          messageExpiryInterval: 3600,
          payloadFormatIndicator: 1,
          responseTopic: "surface/answers",
          willDelayInterval: 10,
        };
        equal(
          connect.will?.properties,
          version === 1 ? expected : undefined,
          `The will's properties in version ${version}`,
        );
      }
      const { connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          one.willTopic = "surface/will";
          one.config(`WillProperties=${JSON.stringify({ ...all, ReponseTopic: "", ResponseTopic: "surface/right" })}`);
          one.config('WillProperties={"ContentType":"","WillDelayInterval":"-1","MessageExpInterval":-1}');
        },
      });
      equal(
        connect.will?.properties,
        {
          correlationData: Uint8Array.of(0, 0xff),
          payloadFormatIndicator: 1,
          responseTopic: "surface/right",
        },
        "What is left after some were reset",
      );
    },
  },
  {
    rows: ["config MQTT/WillProperties", "config MQTT/WillQOS"],
    title: "mosquitto publishes the will with its properties when the connection is interrupted",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(topic, { qos: 2 });
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
        one.willTopic = topic;
        one.willMessage = "gone";
        one.config("WillQOS=1");
        one.config('WillProperties={"ContentType":"text/x-will","CorrelationData":"0102"}');
      });
      mqtt.interrupt();
      const will = await witness.next();
      equal(
        [textOf(will.payload), will.qos, will.contentType, will.correlationData],
        ["gone", 1, "text/x-will", Uint8Array.of(1, 2)],
        "The will",
      );
    },
  },
];
