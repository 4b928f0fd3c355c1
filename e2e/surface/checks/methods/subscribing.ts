import { equal, event, events, throwsCode, type SurfaceCheck } from "../../check.ts";
import { allButConnect, join } from "../joining.ts";

const subscribeChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method subscribe", "event on_subscribed"],
    title: "subscribe: SUBSCRIBE has each filter, trimmed, at that QoS; onSubscribed tells what SUBACK has granted",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        const told = events(mqtt, "subscribed");
        const subscribing = mqtt.subscribe("surface/a, surface/+/b ,surface/c/#", 2);
        const packet = await peer.next("subscribe");
        const asked = packet.subscriptions.map(({ topicFilter, qos }) => `${topicFilter} ${qos}`);
        equal(asked, ["surface/a 2", "surface/+/b 2", "surface/c/# 2"], "SUBSCRIBE");
        equal(told.length, 0, "How many events there were before SUBACK");
        await peer.send({ type: "suback", packetIdentifier: packet.packetIdentifier, reasonCodes: [2, 1, 0] });
        await subscribing;
        equal(
          told,
          [
            { topicFilter: "surface/a", qos: 2, responseCode: 2 },
            { topicFilter: "surface/+/b", qos: 1, responseCode: 1 },
            { topicFilter: "surface/c/#", qos: 0, responseCode: 0 },
          ],
          "onSubscribed",
        );
      }
    },
  },
  {
    rows: ["method subscribe", "event on_subscribed"],
    title: "A filter that the server refuses: subscribe resolves, and onSubscribed has the code",
    run: async (stage) => {
      for (const [version, codes] of [
        [0, [128]],
        [1, [128, 131, 135, 143, 145, 151, 158, 161, 162]],
      ] as const) {
        const { mqtt, peer } = await join(stage, { version });
        const told = events(mqtt, "subscribed");
        const filters = codes.map((code) => `surface/${code}`);
        const subscribing = mqtt.subscribe([...filters, "surface/fine"].join(","), 1);
        const packet = await peer.next("subscribe");
        const { packetIdentifier } = packet;
        await peer.send({ type: "suback", packetIdentifier, reasonCodes: [...codes, 1] });
        await subscribing;
        const expected = codes.map((responseCode) => ({
          topicFilter: `surface/${responseCode}`,
          qos: 0,
          responseCode,
        }));
        equal(told, [...expected, { topicFilter: "surface/fine", qos: 1, responseCode: 1 }], "onSubscribed");

        const single = mqtt.subscribe("surface/alone", 2);
        const second = await peer.next("subscribe");
        await peer.send({ type: "suback", packetIdentifier: second.packetIdentifier, reasonCodes: [codes[0]] });
        await single;
        equal(told.at(-1), { topicFilter: "surface/alone", qos: 0, responseCode: codes[0] }, "The only one, refused");
      }
    },
  },
  {
    rows: ["method subscribe"],
    title: "The same filter may be subscribed to again with another QoS: SUBSCRIBE is sent again",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { peer: { answers: ["subscribe", "unsubscribe"] } });
      const told = events(mqtt, "subscribed");
      for (const qos of [0, 2, 1] as const) {
        await mqtt.subscribe("surface/again", qos);
        const { subscriptions } = await peer.next("subscribe");
        equal(
          subscriptions.map((each) => each.qos),
          [qos],
          "The QoS in SUBSCRIBE",
        );
      }
      equal(
        told.map(({ qos }) => qos),
        [0, 2, 1],
        "The QoS in onSubscribed",
      );
      await mqtt.publishMessage("surface/end", 0, "");
      equal((await peer.next()).type, "publish", "What came next");
    },
  },
  {
    rows: ["method subscribe", "method unsubscribe", "error MQTT/503", "error MQTT/505", "error TCPClient/1117"],
    title: "What is no filter is 503, what is no QoS 505, without a connection 1117; the server gets nothing",
    run: async (stage) => {
      await throwsCode(1117, () => stage.mqtt().subscribe("surface/none", 0));
      await throwsCode(1117, () => stage.mqtt().unsubscribe("surface/none"));
      const { mqtt, peer } = await join(stage, { peer: { answers: allButConnect } });
      for (const filter of ["", "surface/#/x", "surface#", "surface+", "surface/a,,surface/b"]) {
        await throwsCode(503, "MQTT", () => mqtt.subscribe(filter, 0));
        await throwsCode(503, "MQTT", () => mqtt.unsubscribe(filter));
      }
      for (const qos of [-1, 3, 0.5]) await throwsCode(505, "MQTT", () => mqtt.subscribe("surface/qos", qos));
      await mqtt.publishMessage("surface/end", 0, "");
      equal((await peer.next()).type, "publish", "What came");
    },
  },
  {
    rows: ["method subscribe", "event on_message_in"],
    title: "A message that the server sends before SUBACK comes",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const came = event(mqtt, "messageIn");
      const subscribing = mqtt.subscribe("surface/early", 0);
      const { packetIdentifier } = await peer.next("subscribe");
      await peer.send({ type: "publish", topicName: "surface/early", payload: Uint8Array.of(1) });
      equal((await came).topic, "surface/early", "The topic");
      await peer.send({ type: "suback", packetIdentifier, reasonCodes: [0] });
      await subscribing;
    },
  },
];

const unsubscribeChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method unsubscribe", "event on_unsubscribed"],
    title: "unsubscribe: UNSUBSCRIBE has the filters; onUnsubscribed fires once for the call, with them as passed",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        const told = events(mqtt, "unsubscribed");
        const unsubscribing = mqtt.unsubscribe("surface/a, surface/+/b");
        const { packetIdentifier, topicFilters } = await peer.next("unsubscribe");
        equal(topicFilters, ["surface/a", "surface/+/b"], "UNSUBSCRIBE");
        equal(told.length, 0, "How many events there were before UNSUBACK");
        await peer.send({ type: "unsuback", packetIdentifier, reasonCodes: version === 0 ? [] : [0, 0] });
        await unsubscribing;
        equal(told, [{ topicFilters: "surface/a, surface/+/b", responseCode: 0 }], "onUnsubscribed");
      }
    },
  },
  {
    rows: ["event on_unsubscribed"],
    title: "onUnsubscribed has the first Reason Code of 0x80 and above, or else the first; unsubscribe resolves",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1 });
      const told = events(mqtt, "unsubscribed");
      const cases = [
        { codes: [0, 17, 0], expected: 0 },
        { codes: [17, 0, 0], expected: 17 },
        { codes: [17, 143, 128], expected: 143 },
        { codes: [0, 17, 135], expected: 135 },
        { codes: [131, 145, 0], expected: 131 },
      ];
      for (const { codes } of cases) {
        const unsubscribing = mqtt.unsubscribe("surface/a,surface/b,surface/c");
        const { packetIdentifier } = await peer.next("unsubscribe");
        await peer.send({ type: "unsuback", packetIdentifier, reasonCodes: codes });
        await unsubscribing;
      }
      equal(
        told.map(({ responseCode }) => responseCode),
        cases.map(({ expected }) => expected),
        "The codes",
      );
    },
  },
];

export const subscribingChecks: readonly SurfaceCheck[] = [...subscribeChecks, ...unsubscribeChecks];
