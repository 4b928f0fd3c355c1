import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { closedPort } from "../../support/free-ports.ts";
import type { CheckContext, OptionCheck } from "../check.ts";
import type { Recorder } from "../recorder.ts";

/** Connects with options, and returns what the recorder saw of it. */
async function recordOne(
  { record, url, attempt }: CheckContext,
  socket: object,
  more: Parameters<CheckContext["attempt"]>[2] = {},
): Promise<Recorder["connections"][number]> {
  const recorder = await record();
  const { error, roundTrips } = await attempt(url(recorder), { socket }, more);
  assert.equal(error, undefined);
  assert.ok(roundTrips);
  const [connection] = recorder.connections;
  assert.ok(connection);
  await connection.ended;
  return connection;
}

/** The kernel's timers of the connections to a port: 2 is that of keep-alive, with nothing else under way. */
function timersOfClientsOf(port: number): { readonly kind: number; readonly whenMs: number }[] {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, state]) => remote?.endsWith(`:${hexadecimal}`) && state === "01")
    .map(([, , , , , timer = ""]) => {
      const [kind = "", when = ""] = timer.split(":");
      return { kind: Number.parseInt(kind, 16), whenMs: Number.parseInt(when, 16) * 10 };
    });
}

export const socketChecks: readonly OptionCheck[] = [
  {
    option: "socket.localAddress",
    run: async (context) => {
      const { remoteAddress } = await recordOne(context, { localAddress: "127.0.0.2" });
      assert.equal(remoteAddress, "127.0.0.2");
    },
  },
  {
    option: "socket.localPort",
    run: async (context) => {
      const localPort = await closedPort();
      assert.equal((await recordOne(context, { localPort, linger: false })).remotePort, localPort);
    },
  },
  {
    option: "socket.family",
    run: async ({ record, url, attempt }) => {
      const recorder = await record();
      assert.ok((await attempt(url(recorder, "localhost"), { socket: { family: 4 } })).roundTrips);
      assert.equal(recorder.connections.length, 1);
      assert.match(
        (await attempt(url(recorder, "localhost"), { socket: { family: 6 } })).error?.name ?? "",
        /Transport/,
      );
      assert.equal(recorder.connections.length, 1);
    },
  },
  {
    option: "socket.keepAlive",
    run: async (context) => {
      const { record, url, attempt } = context;
      for (const [keepAlive, isExpected] of [
        [{ initialDelayMs: 90_000 }, true],
        [false, false],
      ] as const) {
        const recorder = await record();
        const seen: ReturnType<typeof timersOfClientsOf> = [];
        recorder.onData = () => seen.push(...timersOfClientsOf(recorder.port));
        assert.ok((await attempt(url(recorder), { socket: { keepAlive } })).roundTrips);
        assert.equal(
          seen.some(({ kind, whenMs }) => kind === 2 && whenMs > 80_000 && whenMs <= 90_000),
          isExpected,
          JSON.stringify(seen),
        );
      }
    },
  },
  {
    option: "socket.noDelay",
    what: "what is sent in two turns leaves in two segments, or waits for the first one to be acknowledged",
    run: async (context) => {
      const median = async (noDelay: boolean): Promise<number> => {
        const { chunks } = await recordOne(context, { noDelay }, { pairs: 24 });
        const gaps = chunks
          .flatMap(({ bytes, atMs }) => (isSecond(bytes) ? [atMs] : []))
          .map((atMs) => atMs - Math.max(...chunks.filter((each) => each.atMs < atMs).map((each) => each.atMs)));
        return gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? Number.NaN;
      };
      const [withDelay, without] = [await median(false), await median(true)];
      assert.ok(withDelay > without + 20, `${withDelay} ms with the delay, ${without} ms without`);
    },
  },
  {
    option: "socket.linger",
    run: async (context) => {
      assert.equal((await recordOne(context, { linger: false }, { ending: "close" })).ending, "reset");
      assert.equal((await recordOne(context, { linger: 5 }, { ending: "close" })).ending, "end");
    },
  },
  {
    option: "socket.maxTransferRate",
    run: async (context) => {
      const { chunks } = await recordOne(context, { maxTransferRate: 20_000 }, { payloadBytes: 30_000 });
      const [first, last] = [chunks[0], chunks.at(-1)];
      assert.ok(first && last);
      const takenMs = last.atMs - first.atMs;
      assert.ok(takenMs > 1200, `30,000 bytes each way at 20,000 a second took ${takenMs} ms`);
      const largest = Math.max(...chunks.map(({ bytes }) => bytes.length));
      assert.ok(largest <= 10_000, `A piece had ${largest} bytes`);
    },
  },
];

/** Whether it is the second message of a pair. */
function isSecond(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes("second");
}
