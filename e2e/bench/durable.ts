/**
 * Measures how many messages a second a client publishes at QoS 1 that are kept on disk until they have been acknowledged:
 * Rivulet with its disk store, strict and relaxed, against MQTT.js with its level store, which never syncs, in the same run,
 * to mosquitto on this machine. They take turns.
 *
 *     node --conditions=@rivulet/source --import tsx e2e/bench/durable.ts [--rounds 5] [--seconds 2]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectAsync } from "mqtt";
import levelStore from "mqtt-level-store";
import { connect } from "rivulet";
import { diskSessionStore, type Durability } from "rivulet/disk-store";
import { startBroker } from "../support/broker.ts";
import { formatTable, median } from "./measure.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1_000;
/** As many as mosquitto lets be under way in the configuration of the tests. */
const underWay = 100;
const payload = new Uint8Array(64).fill(7);

interface Subject {
  publish(): Promise<unknown>;
  close(): Promise<void>;
}

const subjects: Readonly<Record<string, (url: string, directory: string) => Promise<Subject>>> = {
  "Rivulet, strict": (url, directory) => startRivulet(url, directory, "strict"),
  "Rivulet, relaxed": (url, directory) => startRivulet(url, directory, "relaxed"),
  "MQTT.js, level store": startMqttJs,
};

const root = await mkdtemp(join(tmpdir(), "rivulet-durable-"));
const rates = new Map<string, number[]>(Object.keys(subjects).map((name) => [name, []]));
{
  await using broker = await startBroker();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, start] of Object.entries(subjects)) {
      const subject = await start(broker.urls.tcp, join(root, `${name} ${round}`));
      await publishFor(subject, durationMs / 4); // To warm up.
      rates.get(name)?.push(await publishFor(subject, durationMs));
      await subject.close();
      process.stderr.write(".");
    }
  }
}
await rm(root, { recursive: true });
report();

async function startRivulet(url: string, directory: string, durability: Durability): Promise<Subject> {
  const session = await diskSessionStore({ directory, durability });
  const client = await connect(url, { clientId: `bench-${durability}`, session, sessionExpiryInterval: 60 });
  return {
    publish: () => client.publish("bench", payload, { qos: 1 }),
    close: async () => {
      await client.disconnect();
      await session.close();
    },
  };
}

async function startMqttJs(url: string, directory: string): Promise<Subject> {
  const stores = levelStore(directory);
  const client = await connectAsync(url, {
    ...{ clientId: "bench-mqtt-js", clean: false, protocolVersion: 5, properties: { sessionExpiryInterval: 60 } },
    ...{ incomingStore: stores.incoming, outgoingStore: stores.outgoing },
  });
  const bytes = Buffer.from(payload);
  return {
    publish: () => client.publishAsync("bench", bytes, { qos: 1 }),
    close: async () => {
      await client.endAsync();
      await new Promise<void>((resolve) => stores.close(resolve));
    },
  };
}

/** Publishes with as many under way as may be; returns how many were acknowledged in a second. */
async function publishFor({ publish }: Subject, ms: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - start < ms) {
      await publish();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: underWay }, one));
  return (count / (performance.now() - start)) * 1_000;
}

function report(): void {
  const peer = rates.get("MQTT.js, level store") ?? [];
  const rows = [...rates].map(([name, each]) => [
    name,
    median(each).toFixed(0),
    `${median(each.map((rate, round) => rate / (peer[round] ?? Number.NaN))).toFixed(2)}x`,
    name.endsWith("strict") ? "synced" : "not synced",
  ]);
  console.log(`\n${formatTable([["durable publish, QoS 1", "messages/s", "ratio", ""], ...rows])}`);
  console.log(`Node ${process.version}, 64 B, ${underWay} under way, ${rounds} rounds, medians`);
}
