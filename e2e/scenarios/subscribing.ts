import { equal, rejection } from "./expect.ts";
import { take, takeUntil } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const subscribing: readonly Scenario[] = [
  {
    name: "subscribe: wildcards",
    async run({ connect, topic }) {
      // A client each: a 3.1.1 server may send a message once for each of a client's filters that it matches.
      const [client, ...others] = await Promise.all([connect(), connect(), connect()]);
      const [oneLevel, allBelow, exactly] = await Promise.all([
        client.subscribe(`${topic}/+/temperature`, { qos: 1 }),
        others[0].subscribe(`${topic}/house/#`, { qos: 1 }),
        others[1].subscribe(`${topic}/house/floor`, { qos: 1 }),
      ]);
      equal(oneLevel.results, [{ filter: `${topic}/+/temperature`, qos: 1, reasonCode: 1 }], "what the server granted");

      const published = [
        "house/temperature",
        "garden/temperature",
        "/temperature",
        "house",
        "house/floor",
        "house/floor/room",
        "temperature",
        "house/floor/temperature",
        "household",
      ];
      for (const below of published) await client.publish(`${topic}/${below}`, below, { qos: 1 });
      for (const below of ["end/temperature", "house/end", "house/floor"]) {
        await client.publish(`${topic}/${below}`, "end", { qos: 1 });
      }

      const [one, all, exact] = await Promise.all(
        [oneLevel, allBelow, exactly].map((each) => topics(takeUntil(each, "end"), topic)),
      );
      equal(one, ["house/temperature", "garden/temperature", "/temperature"], "+ matched");
      equal(
        all,
        ["house/temperature", "house", "house/floor", "house/floor/room", "house/floor/temperature"],
        "# matched",
      );
      equal(exact, ["house/floor"], "the plain filter matched");
    },
  },
  {
    name: "subscribe: a list of filters",
    async run({ connect, topic }) {
      const client = await connect();
      const subscription = await client.subscribe([
        { filter: `${topic}/a`, qos: 0 },
        { filter: `${topic}/b`, qos: 1 },
        { filter: `${topic}/c`, qos: 2 },
      ]);
      equal(
        subscription.results.map(({ filter, qos }) => [filter, qos]),
        [
          [`${topic}/a`, 0],
          [`${topic}/b`, 1],
          [`${topic}/c`, 2],
        ],
        "what the server granted",
      );
      for (const below of ["a", "x", "b", "c"]) await client.publish(`${topic}/${below}`, below, { qos: 2 });
      const messages = await take(subscription, 3);
      equal(
        messages.map((message) => message.text()),
        ["a", "b", "c"],
        "messages",
      );
      equal(
        messages.map((message) => message.qos),
        [0, 1, 2],
        "their quality of service",
      );
    },
  },
  {
    name: "subscribe: an invalid filter or topic",
    async run({ connect, rivulet, topic }) {
      const client = await connect();
      await rejection(client.subscribe(`${topic}/#/more`), rivulet.InvalidTopicError, "subscribing to x/#/more");
      await rejection(client.publish(`${topic}/+`, "", { qos: 1 }), rivulet.InvalidTopicError, "publishing to x/+");
      equal(client.state, "connected", "state");
    },
  },
  {
    name: "unsubscribe: Subscription",
    async run({ connect, topic }) {
      const client = await connect();
      const gone: string[] = [];
      const subscription = await client.subscribe(
        `${topic}/gone`,
        { qos: 1 },
        (message) => void gone.push(message.text()),
      );
      const kept = await client.subscribe(`${topic}/kept`, { qos: 1 });
      await client.publish(`${topic}/gone`, "before", { qos: 1 });
      await client.publish(`${topic}/kept`, "before", { qos: 1 });
      await take(kept, 1);
      await subscription.unsubscribe();
      await client.publish(`${topic}/gone`, "after", { qos: 1 });
      await client.publish(`${topic}/kept`, "after", { qos: 1 });
      await take(kept, 1);
      equal(gone, ["before"], "what the subscription got");
    },
  },
  {
    name: "unsubscribe: by filter",
    async run({ connect, topic }) {
      const client = await connect();
      const got: string[] = [];
      await client.subscribe(`${topic}/gone/+`, { qos: 1 }, (message) => void got.push(message.text()));
      const kept = await client.subscribe(`${topic}/kept`, { qos: 1 });
      await client.publish(`${topic}/gone/a`, "before", { qos: 1 });
      await client.publish(`${topic}/kept`, "end", { qos: 1 });
      await take(kept, 1);
      const results = await client.unsubscribe(`${topic}/gone/+`);
      equal(
        results.map(({ filter }) => filter),
        [`${topic}/gone/+`],
        "what was unsubscribed",
      );
      await client.publish(`${topic}/gone/a`, "after", { qos: 1 });
      await client.publish(`${topic}/kept`, "end", { qos: 1 });
      await take(kept, 1);
      equal(got, ["before"], "what the subscription got");
    },
  },
];

async function topics(messages: ReturnType<typeof takeUntil>, root: string): Promise<string[]> {
  return (await messages).map((message) => message.topic.slice(root.length + 1));
}
