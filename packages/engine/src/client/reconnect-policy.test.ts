import { MalformedPacketError, PacketTooLargeError, ProtocolError } from "@rivulet/codec";
import { describe, expect, test } from "vitest";
import {
  AuthenticationError,
  ConnectionRefusedError,
  InvalidOptionError,
  MqttError,
  QueueFullError,
  ServerDisconnectError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";
import { maximumTimerDelayMs } from "../limits.ts";
import type { ReconnectOptions, RetryContext } from "../options.ts";
import { ReconnectPolicy, type Failure } from "./reconnect-policy.ts";

const lost = new TransportError("The server closed the connection");

const failure = (rest: Partial<Failure> = {}): Failure => ({
  error: lost,
  now: 0,
  random: 0.5,
  wasConnected: false,
  isRedirected: false,
  ...rest,
});

/** What becomes of so many failures, one after the other. */
function delays(options: ReconnectOptions, random: number, count: number): (number | undefined)[] {
  const policy = new ReconnectPolicy(options, false);
  return Array.from({ length: count }, () => policy.next(failure({ random }))?.delayMs);
}

/** Whether there is another attempt after each of these errors, in a row. */
function goesOn(errors: readonly unknown[], asksForCredentials = false): boolean[] {
  const policy = new ReconnectPolicy({}, asksForCredentials);
  return errors.map((error) => policy.next(failure({ error })) !== undefined);
}

describe("the delay", () => {
  test.each<[name: string, options: ReconnectOptions, random: number, expected: number[]]>([
    ["doubles up to a minute", {}, 0.999_999, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]],
    ["has full jitter: it may be half of that", {}, 0.5, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    ["has full jitter: it may be nothing", {}, 0, [0, 0, 0, 0, 0, 0, 0, 0]],
    ["takes other bounds", { minDelayMs: 10, maxDelayMs: 35 }, 0.999_999, [10, 20, 35, 35]],
    ["is never less than a least that is more than a minute", { minDelayMs: 90_000 }, 0.999_999, [90_000, 90_000]],
    ["is within a most that is less than a second", { maxDelayMs: 100 }, 0.999_999, [100, 100]],
  ])("%s", (_, options, random, expected) => {
    expect(delays(options, random, expected.length)).toEqual(expected);
  });

  test("is one that timers can hold, after any number of attempts", () => {
    for (const delayMs of delays({ maxDelayMs: Infinity }, 0.999_999, 1200).slice(40)) {
      expect(delayMs).toBeGreaterThan(maximumTimerDelayMs / 2);
      expect(delayMs).toBeLessThanOrEqual(maximumTimerDelayMs);
    }
    expect(delays({ maxDelayMs: Infinity }, 0, 1200).at(-1)).toBe(0);
  });
});

describe("what is remembered of failures", () => {
  test("is forgotten once a connection has lasted, and not before", () => {
    const policy = new ReconnectPolicy({}, false);
    const after = (now: number): number | undefined => policy.next(failure({ now, wasConnected: true }))?.attempt;
    policy.connected(0);
    expect(after(29_999)).toBe(1);
    policy.connected(40_000);
    expect(after(69_999)).toBe(2);
    policy.connected(80_000);
    expect(policy.isStable(109_999)).toBe(false);
    expect(policy.isStable(110_000)).toBe(true);
    expect(after(110_000)).toBe(1);
    // An attempt that fails is not a connection that has lasted.
    expect(policy.next(failure({ now: 1_000_000 }))?.attempt).toBe(2);
  });

  test("is forgotten at once with a stableAfterMs of 0", () => {
    const policy = new ReconnectPolicy({ stableAfterMs: 0, maxAttempts: 1 }, false);
    for (let count = 0; count < 5; count += 1) {
      policy.connected(count);
      expect(policy.next(failure({ now: count, wasConnected: true }))).toEqual({ attempt: 1, delayMs: 500 });
    }
  });

  test("includes how often the server has broken the protocol, and that credentials were asked for again", () => {
    const policy = new ReconnectPolicy({}, true);
    const next = (error: unknown, now = 0): unknown => policy.next(failure({ error, now, wasConnected: true }));
    const fault = new ProtocolError("CONNACK came twice");
    for (let count = 0; count < 4; count += 1) expect(next(fault)).toBeDefined();
    policy.connected(0);
    expect(next(fault, 30_000)).toBeDefined();
    const refusal = new ConnectionRefusedError(0x86);
    expect(next(refusal)).toBeDefined();
    policy.connected(40_000);
    expect(next(refusal, 70_000)).toBeDefined();
    policy.connected(80_000);
    expect(next(refusal, 80_001)).toBeUndefined();
  });
});

describe("maxAttempts", () => {
  test("is how often it is tried in a row", () => {
    expect(delays({ maxAttempts: 3 }, 0.5, 5)).toEqual([500, 1000, 2000, undefined, undefined]);
  });
});

describe("after a reason of the server", () => {
  const refusals = [1, 2, 4, 5, 0x81, 0x82, 0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x8e, 0x95, 0x9a, 0x9b, 0x9c, 0x9d];

  test.each(refusals)("%i there is no other attempt", (reasonCode) => {
    expect(goesOn([new ConnectionRefusedError(reasonCode)])).toEqual([false]);
    expect(goesOn([new ServerDisconnectError(reasonCode)])).toEqual([false]);
    const isOfCredentials = [4, 5, 0x86, 0x87].includes(reasonCode);
    expect(goesOn([new ConnectionRefusedError(reasonCode)], true)).toEqual([isOfCredentials]);
  });

  const passing = [3, 0x80, 0x83, 0x88, 0x89, 0x8b, 0x8d, 0x90, 0x93, 0x96, 0x97, 0x98, 0x99, 0x9f, 0xa0];

  test.each(passing)("%i there is", (reasonCode) => {
    expect(goesOn([new ConnectionRefusedError(reasonCode)])).toEqual([true]);
    expect(goesOn([new ServerDisconnectError(reasonCode)])).toEqual([true]);
  });

  test("0x9C and 0x9D there is, where the server has named others that may be tried", () => {
    for (const error of [new ConnectionRefusedError(0x9c), new ServerDisconnectError(0x9d)]) {
      expect(new ReconnectPolicy({}, false).next(failure({ error, isRedirected: true }))).toBeDefined();
    }
  });
});

describe("after credentials were refused", () => {
  const refusal = new ConnectionRefusedError(0x87);

  test("a function is asked once more, no more", () => {
    expect(goesOn([refusal, new ConnectionRefusedError(0x86)], true)).toEqual([true, false]);
    expect(goesOn([new ConnectionRefusedError(4), new ConnectionRefusedError(5)], true)).toEqual([true, false]);
    expect(goesOn([refusal, lost, refusal], true)).toEqual([true, true, false]);
  });
});

describe("after an error of ours", () => {
  test.each([
    lost,
    new TimeoutError("Connecting", 30_000),
    new QueueFullError("More messages wait than may be held", { reasonCode: 0x93 }),
    new MqttError("ERR_OTHER", "Something else", { reasonCode: 0x87 }),
    new RangeError("of a function that was asked"),
    undefined,
  ])("that may pass there is another attempt: %s", (error) => {
    expect(goesOn(Array.from({ length: 20 }, () => error))).not.toContain(false);
  });

  test.each([
    new InvalidOptionError("url", "The URL cannot be read"),
    new UnsupportedError("x:", "No transport opens x: URLs"),
    new AuthenticationError("The server did not prove who it is"),
  ])("that another attempt would end with again there is none: %s", (error) => {
    expect(goesOn([error])).toEqual([false]);
  });
});

describe("a server that breaks the protocol", () => {
  const faults = [
    new MalformedPacketError("It cannot be read"),
    new ProtocolError("It may not be sent"),
    new PacketTooLargeError(20, 10),
  ];
  const [one, two, three] = faults;

  test("is left alone after five times in a row, whatever the fault", () => {
    expect(goesOn([one, two, three, one, two])).toEqual([true, true, true, true, false]);
  });

  test("is not, when something else has come between", () => {
    expect(goesOn([one, one, one, one, lost, one, one, one, one, one])).toEqual([
      ...Array.from({ length: 9 }, () => true),
      false,
    ]);
  });
});

describe("retry", () => {
  test("sees what has happened and what would be done", () => {
    const seen: RetryContext[] = [];
    const policy = new ReconnectPolicy({ retry: (context) => (seen.push(context), 7) }, false);
    const refusal = new ConnectionRefusedError(0x87);
    const tooLarge = new PacketTooLargeError(20, 10);
    expect(policy.next(failure({ wasConnected: true }))).toEqual({ attempt: 1, delayMs: 7 });
    expect(policy.next(failure({ error: refusal }))).toEqual({ attempt: 2, delayMs: 7 });
    expect(policy.next(failure({ error: tooLarge }))).toEqual({ attempt: 3, delayMs: 7 });
    const rest = { reasonCode: undefined, wouldStop: false };
    expect(seen).toEqual([
      { ...rest, attempt: 1, delayMs: 500, error: lost, wasConnected: true },
      { attempt: 2, delayMs: 1000, error: refusal, reasonCode: 0x87, wouldStop: true, wasConnected: false },
      { ...rest, attempt: 3, delayMs: 2000, error: tooLarge, wasConnected: false },
    ]);
  });

  test.each<[answer: unknown, delayMs: number | undefined]>([
    ["stop", undefined],
    [0, 0],
    [12.5, 12.5],
    [Infinity, maximumTimerDelayMs],
    [-1, undefined],
    [NaN, undefined],
    ["100", undefined],
    [undefined, undefined],
  ])("that answers %o", (answer, delayMs) => {
    const policy = new ReconnectPolicy({ retry: () => answer as number }, false);
    expect(policy.next(failure())?.delayMs).toBe(delayMs);
  });

  test("is not asked beyond maxAttempts", () => {
    const policy = new ReconnectPolicy({ maxAttempts: 1, retry: () => 1 }, false);
    expect([policy.next(failure()), policy.next(failure())]).toEqual([{ attempt: 1, delayMs: 1 }, undefined]);
  });

  test("that throws is heard", () => {
    const policy = new ReconnectPolicy(
      {
        retry: () => {
          throw new RangeError("of the application");
        },
      },
      false,
    );
    expect(() => policy.next(failure())).toThrow("of the application");
  });
});
