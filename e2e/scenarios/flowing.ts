import type { MqttClient } from "rivulet";
import { checkNumbers, end, publishNumbers } from "./exchanges.ts";
import { equal } from "./expect.ts";
import { Gathering } from "./gathering.ts";
import type { Scenario } from "./scenario.ts";

const count = 300;

export const flowing: readonly Scenario[] = [
  ...[1, 2, 3].map((receiveMaximum): Scenario => ({
    name: `flow: the client takes ${receiveMaximum} at a time`,
    protocolVersions: [5],
    async run({ connect, topic }) {
      const [sender, receiver] = await Promise.all([connect(), connect({ receiveMaximum })]);
      const got = new Gathering();
      await receiver.subscribe(topic, { qos: 2 }, got.add);
      await publishNumbers(sender, { topic, to: count });
      await got.reaches(count);
      // mosquitto 2.0 sends more than that, and then not in order.
      checkNumbers(got, count, { order: "any" });
      equal(receiver.state, "connected", "state");
    },
  })),
  ...[1, 2, 3].map((maxInflight): Scenario => ({
    name: `flow: the client has ${maxInflight} in flight at most`,
    async run({ connect, topic }) {
      const [sender, receiver] = await Promise.all([connect({ maxInflight }), connect()]);
      const most = watch(sender);
      const got = new Gathering();
      await receiver.subscribe(topic, { qos: 2 }, got.add);
      await publishNumbers(sender, { topic, to: count });
      await sender.publish(topic, end, { qos: 2 });
      await got.includes(end);
      checkNumbers(got, count);
      equal(most(), maxInflight, "most messages in flight");
    },
  })),
  {
    name: "flow: the server takes 2 at a time, and has 2 in flight",
    needsFaultyBroker: true,
    async run({ connect, faults, protocolVersion, topic }) {
      const { url } = await faults.broker("narrow");
      // Before 5.0 a server cannot say what it takes.
      const options = protocolVersion === 4 ? { maxInflight: 2 } : {};
      const [sender, receiver] = await Promise.all([connect(options, url), connect({}, url)]);
      if (protocolVersion === 5) equal(sender.server?.receiveMaximum, 2, "what the server takes");
      const most = watch(sender);
      const got = new Gathering();
      await receiver.subscribe(topic, { qos: 2 }, got.add);
      await publishNumbers(sender, { topic, to: count });
      await sender.publish(topic, end, { qos: 2 });
      await got.includes(end);
      checkNumbers(got, count, { order: "any" });
      equal(most(), 2, "most messages in flight");
    },
  },
];

/** Counts the messages that a client has in flight; returns how to ask for the most there were. */
function watch(client: MqttClient): () => number {
  const inFlight = new Set<number>();
  let most = 0;
  client.on("packet", ({ direction, packet }) => {
    if (direction === "out" && packet.type === "publish" && packet.packetIdentifier !== undefined) {
      inFlight.add(packet.packetIdentifier);
      most = Math.max(most, inFlight.size);
    } else if (direction === "in" && (packet.type === "puback" || packet.type === "pubcomp")) {
      inFlight.delete(packet.packetIdentifier);
    }
  });
  return () => most;
}
