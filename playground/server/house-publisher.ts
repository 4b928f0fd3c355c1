import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "rivulet";
import type { MqttClient } from "rivulet";

import { House } from "./house.ts";

/** A minute of the house passes in a second: a day takes 24 minutes, so there is something to see. */
const minuteMs = 1_000;
const goodbyeMs = 1_000;
const statusTopic = "home/status";

/** The house, publishing. */
export interface HousePublisher {
  /** The MQTT version that was agreed on: 5, or 4 for 3.1.1. */
  readonly protocolVersion: number;
  /** Resolves with the reason if publishing ended without having been asked to. Otherwise it stays pending. */
  readonly died: Promise<Error>;
  /** Says goodbye and disconnects. */
  stop(): Promise<void>;
}

/** Connects the simulated house to a broker and publishes its readings until stopped. */
export async function startHouse(url: string, options: { readonly seed: number }): Promise<HousePublisher> {
  const client = await connect(url, {
    clientId: `house-${process.pid}`,
    protocolVersion: [5, 4],
    // The broker is a part of the demo, which ends with it.
    reconnect: false,
    will: { topic: statusTopic, payload: "offline", qos: 1, retain: true },
  });
  const stopping = new AbortController();
  const publishing = publishReadings(client, new House(options), stopping.signal);
  return {
    protocolVersion: client.protocolVersion,
    died: new Promise((resolve) => {
      publishing.catch((error: unknown) => {
        if (!stopping.signal.aborted) resolve(error instanceof Error ? error : new Error(String(error)));
      });
    }),
    async stop(): Promise<void> {
      stopping.abort();
      // The broker may be gone or hang: whatever of this it does not take in time is left unsaid.
      await Promise.race([sayGoodbye(client, publishing), sleep(goodbyeMs)]);
      client.close();
    },
  };
}

/** Ends only by a rejection: the client's, or the sleep's when `signal` aborts. */
async function publishReadings(client: MqttClient, house: House, signal: AbortSignal): Promise<never> {
  await client.publish(statusTopic, "online", { qos: 1, retain: true });
  for (;;) {
    const readings = house.advance();
    // Waiting for all of them bounds what is in flight, whatever the broker's speed.
    await Promise.all(readings.map(({ topic, payload, qos }) => client.publish(topic, payload, { qos, retain: true })));
    await sleep(minuteMs, undefined, { signal });
  }
}

async function sayGoodbye(client: MqttClient, publishing: Promise<never>): Promise<void> {
  await publishing.catch(ignore);
  if (client.state !== "connected") return;
  await client.publish(statusTopic, "offline", { qos: 1, retain: true }).catch(ignore);
  await client.disconnect().catch(ignore);
}

function ignore(): void {
  // Nothing depends on it.
}
