import { describe, expect, test } from "vitest";

import { House } from "./house.ts";
import type { Reading } from "./house.ts";

const minutesOfADay = 24 * 60;

/** Every reading of a day, from midnight. */
function dayOf(seed: number): Reading[][] {
  const house = new House({ seed, startMinute: 0 });
  return Array.from({ length: minutesOfADay }, () => house.advance());
}

function valuesOf(day: readonly Reading[][], topic: RegExp): number[] {
  return day.flat().flatMap((reading) => (topic.test(reading.topic) ? [Number(reading.payload)] : []));
}

describe("House", () => {
  test("the same seed gives the same day, another seed another", () => {
    expect(dayOf(1)).toEqual(dayOf(1));
    expect(dayOf(1)).not.toEqual(dayOf(2));
  });

  test("reports every sensor at first, then what is due or has changed", () => {
    const house = new House({ seed: 1 });
    const first = house.advance();
    const topics = new Set(first.map(({ topic }) => topic));
    expect(topics.size).toBe(first.length);
    expect(first).toContainEqual({ topic: "home/clock", payload: "06:31", qos: 0 });
    expect([...topics].filter((topic) => topic.endsWith("/temperature"))).toHaveLength(8);
    expect(house.advance().length).toBeLessThan(first.length);
  });

  test.each([1, 2, 3, 4, 5])("stays plausible all day long (seed %i)", (seed) => {
    const day = dayOf(seed);
    for (const value of valuesOf(day, /\/temperature$/)) expect(value).toSatisfy(between(10, 30));
    for (const value of valuesOf(day, /\/humidity$/)) expect(value).toSatisfy(between(25, 100));
    for (const value of valuesOf(day, /\/power$/)) expect(value).toSatisfy(between(0, 4_000));
    const events = new Set(day.flat().flatMap(({ topic, payload }) => (/motion|door/.test(topic) ? [payload] : [])));
    expect(events).toEqual(new Set(["detected", "clear", "open", "closed"]));
  });

  test("follows the day: breakfast needs more power than the night", () => {
    const day = dayOf(1);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const kitchen = /kitchen\/power$/;
    const night = mean(valuesOf(day.slice(2 * 60, 4 * 60), kitchen));
    const breakfast = mean(valuesOf(day.slice(7 * 60, 7 * 60 + 30), kitchen));
    expect(breakfast).toBeGreaterThan(3 * night);
  });

  test("the clock goes round", () => {
    const house = new House({ seed: 1, startMinute: minutesOfADay - 1 });
    house.advance();
    expect(house.time).toBe("00:00");
  });
});

function between(low: number, high: number): (value: number) => boolean {
  return (value) => value >= low && value <= high;
}
