import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidTopicError } from "rivulet";
import { MQTTError } from "./mqtt-error.ts";
import { Waiting, type Patience } from "./patience.ts";

/** A promise that somebody else settles. */
function gate(): {
  readonly promise: Promise<string>;
  readonly open: (value: string) => void;
  readonly fail: (error: unknown) => void;
} {
  let open!: (value: string) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<string>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

function patience(more: Partial<Patience> = {}): Patience & { readonly reasons: MQTTError[] } {
  const reasons: MQTTError[] = [];
  const giveUp = (reason: MQTTError): void => {
    reasons.push(reason);
  };
  return { seconds: 10, isAbsolute: false, activity: () => 0, giveUp, reasons, ...more };
}

/** What has become of a promise. */
function watch(promise: Promise<unknown>): { readonly outcome: () => unknown } {
  let outcome: unknown;
  promise.then(
    (value) => (outcome = value),
    (error: unknown) => (outcome = error),
  );
  return { outcome: () => outcome };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("Waiting", () => {
  it("resolves when it is done, says so, and leaves no timer behind", async () => {
    const waiting = new Waiting();
    const { promise, open } = gate();
    const said = vi.fn();
    const done = waiting.until(promise, patience({ done: said }));
    open("there");
    await expect(done).resolves.toBeUndefined();
    expect(said).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("passes on an error, as the documented one", async () => {
    const { promise, fail } = gate();
    const done = new Waiting().until(promise, patience());
    fail(new InvalidTopicError("no", "a/#"));
    await expect(done).rejects.toMatchObject({ name: "MQTTError", code: 502 });
  });

  it("rejects with 201 when nothing has happened for that long, and has the operation stop", async () => {
    const given = patience();
    const watched = watch(new Waiting().until(gate().promise, given));
    await vi.advanceTimersByTimeAsync(9_900);
    expect(watched.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(watched.outcome()).toMatchObject({ code: 201, group: "TCPClient" });
    expect(given.reasons).toEqual([watched.outcome()]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins to count again with every byte", async () => {
    let bytes = 0;
    const watched = watch(new Waiting().until(gate().promise, patience({ activity: () => bytes })));
    for (let second = 0; second < 30; second += 1) {
      bytes += 1;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(watched.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(watched.outcome()).toMatchObject({ code: 201 });
  });

  it("counts from the beginning where the time is absolute", async () => {
    let bytes = 0;
    const given = patience({ isAbsolute: true, activity: () => bytes });
    const watched = watch(new Waiting().until(gate().promise, given));
    for (let second = 0; second < 11; second += 1) {
      bytes += 1;
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(watched.outcome()).toMatchObject({ code: 201 });
  });

  it("gives what came while everything stood still time to be read", async () => {
    let bytes = 0;
    const clock = performance.now.bind(performance);
    let stoodStillMs = 0;
    const now = vi.spyOn(performance, "now").mockImplementation(() => clock() + stoodStillMs);
    const watched = watch(new Waiting().until(gate().promise, patience({ activity: () => bytes })));
    await vi.advanceTimersByTimeAsync(2_500);
    stoodStillMs = 30_000;
    await vi.advanceTimersByTimeAsync(510); // The timer fires, 30 s too late.
    expect(watched.outcome()).toBeUndefined();
    bytes = 1;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(watched.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_100);
    expect(watched.outcome()).toMatchObject({ code: 201 });
    now.mockRestore();
  });

  it("waits for ever with 0", async () => {
    const watched = watch(new Waiting().until(gate().promise, patience({ seconds: 0 })));
    await vi.advanceTimersByTimeAsync(1e9);
    expect(watched.outcome()).toBeUndefined();
  });

  it("waits for longer than a timer can", async () => {
    const given = patience({ seconds: 3_000_000, isAbsolute: true });
    const watched = watch(new Waiting().until(gate().promise, given));
    await vi.advanceTimersByTimeAsync(2_999_999_000);
    expect(watched.outcome()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(watched.outcome()).toMatchObject({ code: 201 });
  });

  it("is interrupted, all that wait", async () => {
    const waiting = new Waiting();
    const given = [patience(), patience({ seconds: 0 })];
    const watched = given.map((each) => watch(waiting.until(gate().promise, each)));
    const reason = new MQTTError(301);
    waiting.interrupt(reason);
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.map(({ outcome }) => outcome())).toEqual([reason, reason]);
    expect(given.map(({ reasons }) => reasons)).toEqual([[reason], [reason]]);
  });

  it.each(["open", "fail"] as const)(
    "is not concerned with what becomes of it after it was given up: %s",
    async (end) => {
      const waiting = new Waiting();
      const late = gate();
      const said = vi.fn();
      const done = watch(waiting.until(late.promise, patience({ done: said })));
      waiting.interrupt(new MQTTError(301));
      late[end]("late");
      await vi.advanceTimersByTimeAsync(0);
      expect(done.outcome()).toMatchObject({ code: 301 });
      expect(said).not.toHaveBeenCalled();
    },
  );
});
