import { describe, expect, it } from "vitest";
import { sliceMs } from "./limits.ts";
import { Pacer } from "./pacer.ts";

describe("Pacer", () => {
  it("cuts slices of what the rate allows in a moment, but never of nothing", () => {
    expect(new Pacer(10_000).sliceBytes).toBe((10_000 * sliceMs) / 1000);
    expect(new Pacer(1).sliceBytes).toBe(1);
  });

  it("lets the first slice go at once, and each after it when its time has come", () => {
    const pacer = new Pacer(1000);
    expect(pacer.waitMs(0)).toBe(0);
    pacer.spend(50, 0);
    // One slice may go in advance.
    expect(pacer.waitMs(0)).toBe(0);
    pacer.spend(50, 0);
    expect(pacer.waitMs(0)).toBe(50);
    expect(pacer.waitMs(20)).toBe(30);
    expect(pacer.waitMs(50)).toBe(0);
  });

  it("makes up for a timer that was late, and not for a time of silence", () => {
    const pacer = new Pacer(1000);
    pacer.spend(50, 0);
    pacer.spend(50, 0);
    pacer.spend(50, 80);
    expect(pacer.waitMs(80)).toBe(20);
    pacer.spend(50, 10_000);
    pacer.spend(50, 10_000);
    expect(pacer.waitMs(10_000)).toBe(50);
  });

  it.each([1, 7, 999, 12_345, 5_000_000])("keeps to %i bytes a second, and uses them", (rate) => {
    const pacer = new Pacer(rate);
    let now = 0;
    let sent = 0;
    while (now < 60_000) {
      now += pacer.waitMs(now);
      pacer.spend(pacer.sliceBytes, now);
      sent += pacer.sliceBytes;
    }
    expect(sent).toBeGreaterThanOrEqual(rate * 60);
    expect(sent).toBeLessThanOrEqual(rate * 60 + 3 * pacer.sliceBytes);
  });
});
