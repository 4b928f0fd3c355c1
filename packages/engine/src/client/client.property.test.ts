import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Harness, watch } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { TransportError } from "../errors.ts";
import { closeGraceMs } from "../limits.ts";

/** Whatever is done to a client, in whatever order, and whatever its server does. */
const steps = {
  connect: ({ client }: Harness) => client.connect(),
  publish0: ({ client }: Harness) => client.publish("a", "0"),
  publish1: ({ client }: Harness) => client.publish("a/b", "1", { qos: 1 }),
  publish2: ({ client }: Harness) => client.publish("a", "2", { qos: 2, timeoutMs: 700 }),
  publishMuch: ({ client }: Harness) => client.publish("a", new Uint8Array(70_000)),
  subscribe: ({ client }: Harness) => client.subscribe("a/#", { qos: 2, timeoutMs: 300 }),
  subscribeSmall: ({ client }: Harness) => client.subscribe("a", { highWaterMark: 1 }),
  subscribeHandler: ({ client }: Harness) =>
    client.subscribe("+", { qos: 1 }, async () => {
      await client.publish("answer", "", { qos: 2 });
    }),
  subscribeAndLeave: async ({ client }: Harness) => {
    await using subscription = await client.subscribe("a", { qos: 1 });
    for await (const message of subscription) if (message.text() === "1") break;
  },
  unsubscribe: ({ client }: Harness) => client.unsubscribe(["a", "a/#"]),
  disconnect: ({ client }: Harness) => client.disconnect({ timeoutMs: 500 }),
  close: ({ client }: Harness) => client.close(),
  serverPublishes: ({ servers }: Harness) => {
    for (const qos of [0, 1, 2] as const) servers.at(-1)?.publish("a", `${qos}`, { qos });
  },
  serverStalls: ({ servers }: Harness) => servers.at(-1)?.stall(),
  serverResumes: ({ servers }: Harness) => servers.at(-1)?.resume(),
  serverFallsSilent: ({ servers }: Harness) => {
    const server = servers.at(-1);
    if (server !== undefined) server.answers = { unsubscribe: () => [] };
  },
  serverNeverCloses: ({ servers }: Harness) => {
    const server = servers.at(-1);
    if (server !== undefined) [server.endsWithClient, server.settlesDroppedWrites] = [false, false];
  },
  serverEnds: ({ servers }: Harness) => servers.at(-1)?.end(),
  serverIsLost: ({ servers }: Harness) => servers.at(-1)?.lose(new TransportError("Reset by the server")),
  serverDisconnects: ({ servers }: Harness) => servers.at(-1)?.send({ type: "disconnect", reasonCode: 0 }),
  serverBreaksTheProtocol: ({ servers }: Harness) => servers.at(-1)?.sendBytes(new Uint8Array([0, 0])),
  turn: () => settle(1),
  rest: () => settle(),
  wait: ({ environment }: Harness) => environment.advance(250),
} satisfies Record<string, (harness: Harness) => unknown>;

const waits = new Set<string>(["turn", "rest", "wait"]);

describe("whatever happens", () => {
  it.each([4, 5] as const)(
    "every promise settles, and nothing is left behind (%i)",
    { timeout: 60_000 },
    async (version) => {
      const names = Object.keys(steps) as (keyof typeof steps)[];
      await fc.assert(
        fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 40, size: "max" }), async (script) => {
          const harness = new Harness({
            version,
            options: { connectTimeoutMs: 400, operationTimeoutMs: 600, keepAlive: 1 },
          });
          const promises: { name: string; promise: ReturnType<typeof watch> }[] = [];
          for (const name of ["connect" as const, ...script]) {
            const result = steps[name](harness);
            if (waits.has(name)) await result;
            else if (result instanceof Promise) promises.push({ name, promise: watch<unknown>(result) });
          }
          await harness.environment.advance(100);
          harness.client.close();
          await settle();
          await harness.environment.advance(closeGraceMs);
          expect(promises.filter(({ promise }) => promise.state === "pending")).toEqual([]);
          expect(harness.client.state).toBe("closed");
          expect(harness.environment.pendingTimers).toBe(0);
          expect(harness.servers.filter(({ aborted }) => aborted === undefined)).toEqual([]);
          await harness.client.connect();
          await expect(harness.client.publish("a", "b", { qos: 2 })).resolves.toMatchObject({ reasonCode: 0 });
          harness.client.close();
          await settle();
        }),
        { seed: 20, numRuns: 300 },
      );
    },
  );
});
