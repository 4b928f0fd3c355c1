import { describe, expect, test } from "vitest";
import { KeepAlive } from "./keep-alive.ts";

const interval = 60_000;

describe("KeepAlive", () => {
  test("[MQTT-3.1.2-20] a PINGREQ is due when nothing was sent for the Keep Alive, whatever came meanwhile", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    keepAlive.received(1, true, 59_000);
    expect(keepAlive.deadline).toBe(60_000);
    expect(keepAlive.check(59_999)).toBe("alive");
    expect(keepAlive.check(60_000)).toBe("ping");
  });

  test("a PINGREQ is due when nothing came for the Keep Alive, whatever was sent meanwhile", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    keepAlive.sent(59_000);
    expect(keepAlive.deadline).toBe(60_000);
    expect(keepAlive.check(60_000)).toBe("ping");
  });

  test("traffic both ways puts it off", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    keepAlive.sent(50_000);
    keepAlive.received(1, true, 55_000);
    expect(keepAlive.check(109_999)).toBe("alive");
    expect(keepAlive.deadline).toBe(110_000);
  });

  test("[MQTT-3.12.4-1] the connection is dead when nothing came for the ping timeout after a PINGREQ", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    expect(keepAlive.isPingOutstanding).toBe(true);
    expect(keepAlive.deadline).toBe(65_000);
    expect(keepAlive.check(64_999)).toBe("alive");
    expect(keepAlive.check(65_000)).toBe("dead");
  });

  test("the ping timeout is half of the Keep Alive by default", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    keepAlive.pinged(60_000);
    expect(keepAlive.deadline).toBe(90_000);
    expect(keepAlive.check(90_000)).toBe("dead");
  });

  test("the connection is dead 1.5 times the Keep Alive after the last byte, however late the PINGREQ", () => {
    const keepAlive = new KeepAlive(interval, 30_000, 0);
    keepAlive.received(1, true, 10_000);
    keepAlive.pinged(80_000);
    expect(keepAlive.deadline).toBe(100_000);
    expect(keepAlive.check(99_999)).toBe("alive");
    expect(keepAlive.check(100_000)).toBe("dead");
  });

  test("a ping timeout of more than half the Keep Alive is waited for", () => {
    const keepAlive = new KeepAlive(interval, 60_000, 0);
    keepAlive.received(1, true, 10_000);
    keepAlive.pinged(60_000);
    expect(keepAlive.check(119_999)).toBe("alive");
    expect(keepAlive.check(120_000)).toBe("dead");
  });

  test("a PINGREQ that is unanswered is not repeated", () => {
    const keepAlive = new KeepAlive(interval, 600_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    expect(keepAlive.check(80_000)).toBe("alive");
  });

  test("PINGRESP ends the wait, and the next PINGREQ is due after another Keep Alive", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    keepAlive.received(1, true, 61_000);
    keepAlive.answered();
    expect(keepAlive.isPingOutstanding).toBe(false);
    expect(keepAlive.check(65_000)).toBe("alive");
    expect(keepAlive.deadline).toBe(120_000);
  });

  test("any byte after a PINGREQ is a sign of life", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    keepAlive.received(1, true, 64_000);
    expect(keepAlive.check(65_000)).toBe("alive");
    expect(keepAlive.deadline).toBe(69_000);
    expect(keepAlive.check(69_000)).toBe("dead");
  });

  test("a PINGREQ whose answer was lost is repeated when the next is due", () => {
    const keepAlive = new KeepAlive(interval, 30_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    for (let now = 61_000; now < 120_000; now += 1_000) keepAlive.received(1, true, now);
    expect(keepAlive.check(119_999)).toBe("alive");
    expect(keepAlive.check(120_000)).toBe("ping");
  });

  test("a PINGREQ that waits for a stalled transport is not repeated because something comes", () => {
    const keepAlive = new KeepAlive(interval, 30_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.received(1, true, 61_000);
    expect(keepAlive.check(61_000)).toBe("alive");
    expect(keepAlive.deadline).toBe(91_000);
  });

  test("who wakes up late pings first, and gives the answer its time", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    const late = 3_600_000;
    expect(keepAlive.check(late)).toBe("ping");
    keepAlive.pinged(late);
    expect(keepAlive.deadline).toBe(late + 5_000);
    expect(keepAlive.check(late + 4_999)).toBe("alive");
    expect(keepAlive.check(late + 5_000)).toBe("dead");
  });

  test("who wakes up late after a PINGREQ finds the connection dead", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    keepAlive.pinged(60_000);
    expect(keepAlive.check(3_600_000)).toBe("dead");
  });

  test("an interval of 0 turns it off", () => {
    const keepAlive = new KeepAlive(0, 5_000, 0);
    expect(keepAlive.deadline).toBe(Infinity);
    expect(keepAlive.check(1e12)).toBe("alive");
  });
});

describe("a packet that arrives in pieces", () => {
  test("that grows by less than 1 KiB within the Keep Alive is no sign of life: 1.5 times that, and the connection is dead", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    for (let now = 1_000; now < 60_000; now += 1_000) keepAlive.received(1, false, now);
    expect(keepAlive.check(60_000)).toBe("ping");
    keepAlive.sent(60_000);
    keepAlive.pinged(60_000);
    for (let now = 60_000; now < 90_000; now += 1_000) {
      expect(keepAlive.check(now)).toBe("alive");
      keepAlive.received(1, false, now);
    }
    expect(keepAlive.deadline).toBe(90_000);
    expect(keepAlive.check(90_000)).toBe("dead");
  });

  test("counts from 1,024 bytes on", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    keepAlive.sent(59_000);
    keepAlive.received(1023, false, 50_000);
    expect(keepAlive.deadline).toBe(60_000);
    keepAlive.received(1, false, 55_000);
    expect(keepAlive.deadline).toBe(115_000);
  });

  test("a byte a minute does not put the ping timeout off for long", () => {
    const keepAlive = new KeepAlive(interval, 5_000, 0);
    keepAlive.pinged(60_000);
    keepAlive.sent(60_000);
    keepAlive.received(1, false, 64_000);
    expect(keepAlive.check(68_999)).toBe("alive");
    expect(keepAlive.check(69_000)).toBe("dead");
  });

  test("that grows by 1 KiB within the Keep Alive is one, however long it takes, and whatever PINGREQ waits behind it", () => {
    const keepAlive = new KeepAlive(interval, undefined, 0);
    for (let now = 1_000; now <= 600_000; now += 1_000) {
      keepAlive.received(21, false, now); // 1 KiB in 49 s.
      const verdict = keepAlive.check(now);
      expect([now, verdict]).not.toStrictEqual([now, "dead"]);
      if (verdict !== "ping") continue;
      keepAlive.pinged(now);
      keepAlive.sent(now);
    }
    expect(keepAlive.isPingOutstanding).toBe(true);
    keepAlive.received(21, true, 601_000);
    keepAlive.answered();
    expect(keepAlive.isPingOutstanding).toBe(false);
    expect(keepAlive.check(601_000)).toBe("alive");
  });
});
