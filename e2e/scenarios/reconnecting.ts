import type { QoS } from "rivulet";
import { end } from "./exchanges.ts";
import { equal, ok, oneOf, rejection } from "./expect.ts";
import { Gathering } from "./gathering.ts";
import { lastingSession } from "./lasting-session.ts";
import type { Scenario } from "./scenario.ts";

const soon = { reconnect: { minDelayMs: 1, maxDelayMs: 10 } } as const;
const decoder = new TextDecoder();

export const reconnecting: readonly Scenario[] = [
  {
    name: "reconnect: a server that goes away and comes back without the session",
    needsFaultyBroker: true,
    async run({ connect, faults, topic }) {
      const broker = await faults.broker("forgetful");
      const client = await connect(soon, broker.url);
      const seen: string[] = [];
      client.on("disconnected", ({ willReconnect }) => seen.push(`disconnected ${willReconnect}, ${client.state}`));
      client.on("reconnecting", ({ attempt, delayMs }) => {
        ok(delayMs >= 0 && delayMs <= 10, `The delay is ${delayMs} ms`);
        seen.push(`reconnecting ${attempt}, ${client.state}`);
      });
      client.on("connected", ({ sessionPresent }) => seen.push(`connected ${sessionPresent}, ${client.state}`));
      const got = new Gathering();
      await client.subscribe(`${topic}/#`, { qos: 2 }, got.add);

      const lost = client.once("disconnected");
      await broker.stop();
      await lost;
      equal([client.state, client.sessionPresent], ["reconnecting", undefined], "state");
      const sent: string[] = [];
      client.on("packet", ({ direction, packet }) => {
        if (direction === "out" && packet.type === "publish") sent.push(decoder.decode(packet.payload));
        else if (direction === "out" && packet.type === "subscribe") sent.push("subscribe");
      });
      const numbers = Array.from({ length: 300 }, (_each, index) => String(index));
      const published = numbers.map((number, index) => client.publish(topic, number, { qos: (index % 3) as QoS }));
      const back = client.once("connected");
      await broker.start();
      await back;
      await Promise.all(published);
      await got.reaches(300);
      await client.publish(topic, end, { qos: 2 });
      await got.includes(end);
      equal(got.texts.length, 301, "messages, repeated ones included");
      equal(sent, ["subscribe", ...numbers, end], "what was sent, in order");
      const attempts = seen.length - 2;
      equal(
        seen,
        [
          "disconnected true, reconnecting",
          ...Array.from({ length: attempts }, (_each, index) => `reconnecting ${index + 1}, reconnecting`),
          "connected false, connected",
        ],
        "events",
      );
    },
  },
  {
    name: "reconnect: stops when the credentials are refused",
    async run({ connect, faults, guardedUrl, protocolVersion, rivulet, topic, credentials: known }) {
      const way = await faults.proxy(guardedUrl);
      let asked = 0;
      const credentials = async (): Promise<typeof known> => {
        asked += 1;
        return asked === 1 ? known : { ...known, password: `${known.password}!` };
      };
      const client = await connect({ ...soon, credentials }, way.url);
      const over = new Promise<number | undefined>((resolve) => {
        client.on("disconnected", ({ willReconnect, error, reasonCode }) => {
          if (willReconnect) return;
          ok(error instanceof rivulet.ConnectionRefusedError, `It ended with ${String(error)}`);
          resolve(reasonCode);
        });
      });
      const lost = client.once("disconnected");
      await way.cut();
      await lost;
      const waiting = client.publish(`e2e/${topic}`, "never", { qos: 1 });
      oneOf(await over, protocolVersion === 5 ? [0x86, 0x87] : [4, 5], "reason code");
      await rejection(waiting, rivulet.ConnectionRefusedError, "publishing");
      // Once more than for the first refusal, since it might have been given other ones.
      equal([client.state, asked], ["closed", 3], "state, and how often credentials were asked for");
    },
  },
  {
    name: "reconnect: not when it is turned off",
    async run({ connect, faults, rivulet, topic, url }) {
      const way = await faults.proxy(url);
      const client = await connect({ reconnect: false }, way.url);
      const subscription = await client.subscribe(topic, { qos: 1 });
      const lost = client.once("disconnected");
      const next = rejection(
        subscription[Symbol.asyncIterator]().next(),
        rivulet.TransportError,
        "waiting for a message",
      );
      await way.cut();
      equal((await lost).willReconnect, false, "whether it will connect again");
      equal(client.state, "closed", "state");
      await next;
      await rejection(client.publish(topic, "late", { qos: 1 }), rivulet.ClosedError, "publishing");
    },
  },
  {
    name: "reconnect: ended by disconnect",
    holdsConnections: true,
    async run({ connect, faults, rivulet, topic, url }) {
      const way = await faults.proxy(url);
      const client = await connect(soon, way.url);
      const lost = client.once("disconnected");
      await way.hold();
      await way.cut();
      await lost;
      const waiting = client.publish(topic, "never", { qos: 1 });
      await client.disconnect();
      await rejection(waiting, rivulet.ClosedError, "publishing");
      equal(client.state, "closed", "state");
    },
  },
  {
    name: "subscribe: overlapping filters, also after a reconnect",
    protocolVersions: [5],
    needsFaultyBroker: true,
    async run(context) {
      const { connect, faults, topic } = context;
      const broker = await faults.broker("forgetful");
      const way = await faults.proxy(broker.url);
      const client = await connect(lastingSession(context, "client"), way.url);
      const filters = [`${topic}/#`, `${topic}/+`, `${topic}/news`];
      const each: Gathering[] = [];
      for (const filter of filters) {
        const got = new Gathering();
        each.push(got);
        await client.subscribe(filter, { qos: 2 }, got.add);
      }
      const publish = async (text: string): Promise<void> => {
        await client.publish(`${topic}/news`, text, { qos: 2 });
        await client.publish(`${topic}/news`, `after ${text}`, { qos: 2 });
        await Promise.all(each.map((got) => got.includes(`after ${text}`)));
      };
      await publish("first");
      const resumed = client.once("connected");
      await way.cut();
      equal((await resumed).sessionPresent, true, "session present after a cut");
      await publish("second");
      const anew = client.once("connected");
      await broker.stop();
      await broker.start();
      equal((await anew).sessionPresent, false, "session present after the server has forgotten it");
      await publish("third");
      const expected = ["first", "second", "third"].flatMap((text) => [text, `after ${text}`]);
      for (const [index, got] of each.entries()) equal(got.texts, expected, `what ${filters[index]} got`);
    },
  },
];
