import { describe, expect, test } from "vitest";

import { Series } from "./series.js";

describe("Series", () => {
  test("keeps the last samples, oldest first", () => {
    const series = new Series(3);
    for (let time = 1; time <= 5; time++) series.push(time, time * 10);
    expect(series.length).toBe(3);
    expect([0, 1, 2].map((index) => [series.time(index), series.value(index)])).toEqual([
      [3, 30],
      [4, 40],
      [5, 50],
    ]);
  });

  test("finds the sample that holds at a time", () => {
    const series = new Series(4);
    expect(series.indexAt(1)).toBe(-1);
    for (const time of [0, 10, 20, 30, 40]) series.push(time, time);
    expect([9, 10, 15, 40, 99].map((time) => series.indexAt(time))).toEqual([-1, 0, 0, 3, 3]);
  });
});
