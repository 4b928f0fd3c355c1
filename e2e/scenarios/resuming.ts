import type { SessionChange, SessionRecord, SessionStore } from "rivulet";
import { checkNumbers, end, publishNumbers, publishNumbersInStep, recordArrivals } from "./exchanges.ts";
import { equal, ok } from "./expect.ts";
import { Gathering } from "./gathering.ts";
import { lastingSession } from "./lasting-session.ts";
import type { Scenario } from "./scenario.ts";

/** As an application may write one. */
class MapStore implements SessionStore {
  readonly #sessions = new Map<string, Map<string, SessionRecord>>();

  load(session: string): Promise<readonly SessionRecord[]> {
    return Promise.resolve([...(this.#sessions.get(session)?.values() ?? [])]);
  }

  write(session: string, changes: readonly SessionChange[]): Promise<void> {
    const records = this.#sessions.get(session) ?? new Map<string, SessionRecord>();
    this.#sessions.set(session, records);
    for (const { key, record } of changes) {
      if (record === undefined) records.delete(key);
      else records.set(key, structuredClone(record));
    }
    return Promise.resolve();
  }
}

export const resuming: readonly Scenario[] = [
  {
    name: "session: goes on when the server is restarted",
    needsFaultyBroker: true,
    async run(context) {
      const { connect, faults, topic } = context;
      const broker = await faults.broker("lasting");
      const sender = await connect(lastingSession(context, "sender"), broker.url);
      const receiver = await connect(lastingSession(context, "receiver"), broker.url);
      const got = new Gathering();
      const arrivals = recordArrivals(receiver);
      await receiver.subscribe(`${topic}/#`, { qos: 2 }, got.add);
      const later: string[] = [];
      const both = [sender, receiver].map(async (client) => {
        const { willReconnect } = await client.once("disconnected");
        equal(willReconnect, true, "whether a client will connect again");
        client.on("packet", ({ direction, packet }) => void later.push(`${direction} ${packet.type}`));
        return client.once("connected");
      });
      await publishNumbersInStep(sender, { topic, got, to: 100 });
      const before = publishNumbers(sender, { topic, from: 100, to: 160 });
      await got.reaches(110);
      await broker.stop(); // while some are under way, at every stage
      const meanwhile = publishNumbers(sender, { topic, from: 160, to: 190 });
      await broker.start();
      for (const { sessionPresent } of await Promise.all(both)) equal(sessionPresent, true, "session present");
      await Promise.all([before, meanwhile]);
      await publishNumbersInStep(sender, { topic, got, from: 190, to: 400 });
      await got.reaches(400);
      await sender.publish(topic, end, { qos: 2 });
      await got.includes(end);
      checkNumbers(got, 400, { order: arrivals });
      equal(later.includes("out subscribe"), false, "whether a client subscribed again");
      await Promise.all([sender.disconnect(), receiver.disconnect()]);
    },
  },
  {
    name: "session: what others published meanwhile, before and after a restart of the server",
    needsFaultyBroker: true,
    holdsConnections: true,
    async run(context) {
      const { connect, faults, topic } = context;
      const broker = await faults.broker("lasting");
      const way = await faults.proxy(broker.url);
      const receiver = await connect(lastingSession(context, "receiver"), way.url);
      const sender = await connect(lastingSession(context, "sender"), broker.url);
      const got = new Gathering();
      await receiver.subscribe(`${topic}/#`, { qos: 2 }, got.add);
      const lost = receiver.once("disconnected");
      await way.hold();
      await way.cut();
      await lost;
      await publishNumbers(sender, { topic, to: 200 });
      const back = sender.once("connected");
      await broker.stop();
      await broker.start();
      await back;
      await publishNumbers(sender, { topic, from: 200, to: 400 });
      equal(got.texts, [], "what came without a connection");
      const resumed = receiver.once("connected");
      await way.release();
      equal((await resumed).sessionPresent, true, "session present");
      await got.reaches(400);
      await sender.publish(topic, end, { qos: 2 });
      await got.includes(end);
      checkNumbers(got, 400);
    },
  },
  {
    name: "session: a store takes messages from one client to the next",
    holdsConnections: true,
    async run(context) {
      const { connect, faults, rivulet, topic, url } = context;
      const receiver = await connect();
      const got = new Gathering();
      const arrivals = recordArrivals(receiver);
      await receiver.subscribe(`${topic}/#`, { qos: 2 }, got.add);
      const way = await faults.proxy(url);
      const options = { ...lastingSession(context, "sender"), session: new MapStore() };
      const before = await connect(options, way.url);
      const underWay = publishNumbers(before, { topic, to: 100 });
      await got.reaches(10);
      const lost = before.once("disconnected");
      await way.hold();
      await way.cut();
      await lost;
      await publishNumbers(before, { topic, from: 100, to: 200, until: "stored" });
      before.close();
      // Those that were on their way when the connection was cut: some, or none.
      await underWay.catch((error: unknown) =>
        ok(error instanceof rivulet.ClosedError, `Publishing: ${String(error)}`),
      );
      const after = await connect(options);
      equal(after.sessionPresent, true, "session present");
      await got.reaches(200);
      await after.publish(topic, end, { qos: 2 });
      await got.includes(end);
      checkNumbers(got, 200, { order: arrivals });
    },
  },
  {
    name: "session: what waited for the process before is there for the first subscribe",
    async run(context) {
      const { connect, topic } = context;
      const sender = await connect();
      for (const session of [undefined, new MapStore()]) {
        const name = session === undefined ? "forgetful" : "mindful";
        const options = { ...lastingSession(context, name), session };
        const filter = `${topic}/${name}/+`;
        const before = await connect(options);
        await before.subscribe(filter, { qos: 2 });
        await before.disconnect();
        for (const text of ["1", "2", "3", "4", "5"]) {
          for (const qos of [1, 2] as const) await sender.publish(`${topic}/${name}/${qos}`, text, { qos });
        }
        const after = await connect(options);
        equal(after.sessionPresent, true, "session present");
        const got = { 1: new Gathering(), 2: new Gathering() };
        await after.subscribe(filter, { qos: 2 }, (message) => {
          if (message.qos !== 0) got[message.qos].add(message);
        });
        for (const qos of [1, 2] as const) {
          await sender.publish(`${topic}/${name}/${qos}`, end, { qos });
          await got[qos].includes(end);
          equal(got[qos].texts, ["1", "2", "3", "4", "5", end], `${name} client, messages at QoS ${qos}`);
        }
        await after.disconnect();
      }
    },
  },
];
