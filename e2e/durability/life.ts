import { tcp } from "@rivulet/node";
import { MqttClient, type Duplex, type Message, type SessionStore } from "rivulet";
import type { CrashPoint, Passed } from "./crash-points.ts";
import { drained, publishMany } from "./publishing.ts";
import { watchTransport } from "./watched-transport.ts";

/** What one life of the client is to do. */
export interface Task {
  readonly url: string;
  readonly clientId: string;
  /** Where the store is. */
  readonly directory: string;
  readonly durability: "strict" | "relaxed";
  readonly topics: { readonly out: string; readonly in: string };
  /** The first of the numbers that it gives to its messages. */
  readonly first: number;
  /** `subscribe`: that, and nothing more. `crash`: publishes until the end. `drain`: waits until nothing is left. */
  readonly work: "subscribe" | "crash" | "drain";
  /** Where it ends, when it comes there for the `pass`-th time. */
  readonly crash?: { readonly point: CrashPoint; readonly pass: number };
}

export interface LifeParts {
  readonly store: SessionStore;
  readonly passed: Passed;
  /** Writes a line that outlives whoever wrote it. */
  readonly journal: (line: string) => void;
  /** The message that was handed over last with this Packet Identifier. */
  readonly seen: Map<number, number>;
  readonly opened: (duplex: Duplex) => void;
  /** Settles when a life that has drained may end. */
  readonly ended: Promise<unknown>;
}

/** By how many messages one way may be ahead of the other. */
export const headStart = 24;

/** Lives until the work is done. What it does is in the journal, each line before, or at once after, it is true. */
export async function live(task: Task, { store, passed, journal, seen, opened, ended }: LifeParts): Promise<void> {
  const { url, clientId, topics, work } = task;
  const client = new MqttClient(url, {
    ...{ clientId, session: store, cleanStart: false, sessionExpiryInterval: 3_600, reconnect: false },
    transports: [watchTransport(tcp, passed, opened)],
  });
  let handled = 0;
  let proceed: () => void = () => undefined;
  const handle = (message: Message): void => {
    const number = Number(message.text());
    if (message.packetId !== undefined && message.qos === 2) seen.set(message.packetId, number);
    journal(`handled ${number}`);
    handled += 1;
    proceed();
  };
  await client.connect();
  journal("connected");
  // What the broker sends again comes with the CONNACK, and waits for this.
  await client.subscribe(topics.in, { qos: 2 }, handle);
  if (work === "subscribe") {
    await client.disconnect();
  } else if (work === "crash") {
    // Neither way leaves the other behind, or a life would be over before its end could come.
    const mayPublish = async (count: number): Promise<void> => {
      while (count > handled + headStart) await new Promise<void>((resolve) => (proceed = resolve));
    };
    await publishMany(client, { topic: topics.out, first: task.first, journal, mayPublish });
  } else {
    await Promise.race([drained(client).then(() => journal("drained")), ended]);
    await ended;
    await client.disconnect();
  }
}
