import { equal, throwsCode, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

export const userPropertyChecks: readonly SurfaceCheck[] = [
  {
    rows: [
      "config MQTT/OutgoingUserPropCount",
      "config MQTT/OutgoingUserPropName[i]",
      "config MQTT/OutgoingUserPropValue[i]",
    ],
    title:
      "OutgoingUserProp: PUBLISH has as many User Properties as are counted, with these names and values, in order",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1 });
      const sent = async (): Promise<unknown> => {
        await mqtt.publishMessage("surface/user", 1, "a");
        return (await peer.next("publish")).properties?.userProperties;
      };
      equal(await sent(), undefined, "Without any");
      mqtt.config("OutgoingUserPropCount=3");
      const list = [
        ["one", "1"],
        ["two", "a=b, c"],
        ["one", ""],
      ] as const;
      for (const [index, [name, value]] of list.entries()) {
        mqtt.config(`OutgoingUserPropName[${index}]=${name}`);
        mqtt.config(`outgoinguserpropvalue[${index}]=${value}`);
      }
      equal(await sent(), list, "Three");
      mqtt.config("OutgoingUserPropValue[1]=changed");
      mqtt.config("OutgoingUserPropCount=2");
      equal(
        await sent(),
        [
          ["one", "1"],
          ["two", "changed"],
        ],
        "Two",
      );
      await throwsCode(10022, () => mqtt.config("OutgoingUserPropName[2]=x"));
      await throwsCode(10022, () => mqtt.config("OutgoingUserPropValue[-1]=x"));
      mqtt.config("OutgoingUserPropCount=0");
      equal(await sent(), undefined, "None");
    },
  },
  {
    rows: [
      "config MQTT/IncomingUserPropCount",
      "config MQTT/IncomingUserPropName[i]",
      "config MQTT/IncomingUserPropValue[i]",
    ],
    title: "IncomingUserProp: what the server's PUBLISH had is read in onMessageIn and after, until the next message",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1 });
      equal(mqtt.config("IncomingUserPropCount"), "0", "IncomingUserPropCount before any message");
      const read = (): string[][] =>
        Array.from({ length: Number(mqtt.config("IncomingUserPropCount")) }, (_, index) => [
          mqtt.config(`IncomingUserPropName[${index}]`),
          mqtt.config(`IncomingUserPropValue[${index}]`),
        ]);
      let seen: ((list: string[][]) => void) | undefined;
      mqtt.onMessageIn = () => seen?.(read());
      const after = async (userProperties: [string, string][], qos: 0 | 1 | 2): Promise<string[][]> => {
        const list = new Promise<string[][]>((resolve) => {
          seen = resolve;
        });
        const payload = Uint8Array.of(1);
        const properties = { userProperties };
        const packetIdentifier = qos === 0 ? {} : { packetIdentifier: qos };
        await peer.send({ type: "publish", topicName: "surface/in", payload, qos, properties, ...packetIdentifier });
        if (qos === 2) {
          await peer.next("pubrec");
          await peer.send({ type: "pubrel", packetIdentifier: 2 });
        }
        return list;
      };
      const two: [string, string][] = [
        ["one", "1"],
        ["one", "2"],
      ];
      for (const qos of [0, 1, 2] as const) {
        equal(await after(two, qos), two, `In onMessageIn at QoS ${qos}`);
        equal(read(), two, "After it");
        await throwsCode(10022, () => mqtt.config("IncomingUserPropName[2]"));
        await throwsCode(10022, () => mqtt.config("IncomingUserPropValue[2]"));
        equal(await after([], qos), [], "With the next message, which has none");
      }
      await throwsCode(211, () => mqtt.config("IncomingUserPropCount=1"));
    },
  },
];
