import { equal, rejection } from "./expect.ts";
import { lastingSession } from "./lasting-session.ts";
import type { Scenario } from "./scenario.ts";

const count = 300;

export const requesting: readonly Scenario[] = [
  {
    name: "request: many at once",
    protocolVersions: [5],
    async run({ connect, topic }) {
      const [asking, answering] = await Promise.all([connect(), connect()]);
      await answering.respond(`${topic}/double`, (request) => String(2 * Number(request.text())), { qos: 1 });
      const answers = await Promise.all(
        Array.from({ length: count }, (_each, index) => asking.request(`${topic}/double`, String(index), { qos: 1 })),
      );
      equal(
        answers.map((answer) => Number(answer.text())),
        Array.from({ length: count }, (_each, index) => 2 * index),
        "answers",
      );
    },
  },
  {
    name: "request: nobody answers",
    protocolVersions: [5],
    async run({ connect, rivulet, topic }) {
      const client = await connect();
      const started = performance.now();
      const request = client.request(`${topic}/nobody`, "?", { qos: 1, timeoutMs: 200 });
      await rejection(request, rivulet.TimeoutError, "a request");
      equal(performance.now() - started >= 199, true, "whether it waited");
      equal(client.state, "connected", "state");
    },
  },
  {
    name: "request: answered across cuts",
    protocolVersions: [5],
    async run(context) {
      const { connect, faults, topic, url } = context;
      const way = await faults.proxy(url, { seed: 3, cuts: 3, up: [8_000, 16_000], down: [8_000, 16_000] });
      const asking = await connect(lastingSession(context, "asking"), way.url);
      const answering = await connect(lastingSession(context, "answering"), way.url);
      await answering.respond(`${topic}/double`, (request) => String(2 * Number(request.text())), { qos: 2 });
      // Several times: a cut may be planned for a connection that has nearly all of it behind itself.
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(
          Array.from({ length: count }, (_each, index) => asking.request(`${topic}/double`, String(index), { qos: 2 })),
        );
        equal(
          answers.map((answer) => Number(answer.text())),
          Array.from({ length: count }, (_each, index) => 2 * index),
          "answers",
        );
      }
      equal(await way.close(), 3, "cuts");
    },
  },
];
