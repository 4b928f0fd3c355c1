import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvalidTopicError } from "rivulet";
import { MQTTError } from "./mqtt-error.ts";
import { Waiting } from "./patience.ts";
import { Sending } from "./sending.ts";
import { Settings } from "./settings/settings.ts";

/** Messages wait for ten seconds, from the beginning. */
function sender(): { readonly sending: Sending; readonly waiting: Waiting; readonly settings: Settings } {
  const settings = new Settings();
  settings.timeout = 10;
  settings.socket.absoluteTimeout = true;
  const waiting = new Waiting();
  const sending = new Sending(waiting, () => ({
    seconds: settings.timeout,
    isAbsolute: settings.socket.absoluteTimeout,
    activity: () => 0,
  }));
  return { sending, waiting, settings };
}

/** A message as the client publishes it: it fails for the reason for which it is called back. */
function callable(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}

function never(): Promise<unknown> {
  return new Promise(() => undefined);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("messages that may be called back", () => {
  it("wait together when they are of one turn, and are called back together", async () => {
    const { sending, settings } = sender();
    const group = sending.group(settings);
    const first = expect(group.wait(Promise.resolve())).resolves.toBeUndefined();
    expect(sending.group(settings)).toBe(group);
    const second = expect(group.wait(callable(group.signal))).rejects.toMatchObject({ code: 201, group: "TCPClient" });
    await first;
    await vi.advanceTimersByTimeAsync(9_900);
    expect(group.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await second;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("of another turn have a time of their own", async () => {
    const { sending, settings } = sender();
    const first = sending.group(settings);
    const failed = expect(first.wait(callable(first.signal))).rejects.toMatchObject({ code: 201 });
    await vi.advanceTimersByTimeAsync(5_000);
    const second = sending.group(settings);
    const late = expect(second.wait(callable(second.signal))).rejects.toMatchObject({ code: 201 });
    await vi.advanceTimersByTimeAsync(5_100);
    await failed;
    expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(5_000);
    await late;
  });

  it.each([
    ["timeout", (settings: Settings) => (settings.timeout = 5)],
    ["AbsoluteTimeout", (settings: Settings) => (settings.socket.absoluteTimeout = false)],
  ])("do not wait together when %s has been set in between", (_name, change) => {
    const { sending, settings } = sender();
    const group = sending.group(settings);
    change(settings);
    expect(sending.group(settings)).not.toBe(group);
  });

  it("are interrupted, and those that follow at once are not", async () => {
    const { sending, waiting, settings } = sender();
    const group = sending.group(settings);
    const reason = new MQTTError(301);
    const interrupted = expect(group.wait(callable(group.signal))).rejects.toBe(reason);
    waiting.interrupt(reason);
    await interrupted;
    expect(sending.group(settings).signal.aborted).toBe(false);
  });

  it("fail by themselves, as the documented error, and leave no timer behind", async () => {
    const { sending, settings } = sender();
    const group = sending.group(settings);
    await expect(group.wait(Promise.reject(new InvalidTopicError("no", "a/#")))).rejects.toMatchObject({ code: 502 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("use a signal again that has stopped nothing", async () => {
    const { sending, settings } = sender();
    const first = sending.group(settings);
    await first.wait(Promise.resolve());
    const second = sending.group(settings);
    expect(second).not.toBe(first);
    expect(second.signal).toBe(first.signal);
    await second.wait(Promise.resolve());
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("messages that are in a batch", () => {
  it("are waited for once when they are of one turn", async () => {
    const { sending, settings } = sender();
    const sent = never();
    const first = sending.batched(sent, settings);
    expect(sending.batched(sent, settings)).toBe(first);
    const other = sending.batched(never(), settings);
    expect(other).not.toBe(first);
    const failed = Promise.all(
      [first, other].map((waited) => expect(waited).rejects.toMatchObject({ code: 201, group: "TCPClient" })),
    );
    await vi.advanceTimersByTimeAsync(10_100);
    await failed;
  });

  it("of another turn have a time of their own", async () => {
    const { sending, settings } = sender();
    const sent = never();
    const first = sending.batched(sent, settings);
    const failed = expect(first).rejects.toMatchObject({ code: 201 });
    await vi.advanceTimersByTimeAsync(5_000);
    const second = sending.batched(sent, settings);
    expect(second).not.toBe(first);
    const late = expect(second).rejects.toMatchObject({ code: 201 });
    await vi.advanceTimersByTimeAsync(5_100);
    await failed;
    await vi.advanceTimersByTimeAsync(5_000);
    await late;
  });

  it("that the transport has not taken fail as the documented error, each time", async () => {
    const { sending, settings } = sender();
    const sent = Promise.reject(new InvalidTopicError("no", "a/#"));
    await expect(sending.batched(sent, settings)).rejects.toMatchObject({ code: 502 });
    await expect(sending.batched(sent, settings)).rejects.toMatchObject({ code: 502 });
  });
});
