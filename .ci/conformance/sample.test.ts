import { expect, test } from "vitest";
import { sample } from "./sample.ts";

const items = Array.from({ length: 200 }, (_, index) => index);

test("is the same for a seed, another one for another, and in order", () => {
  const some = sample(items, 40, 1);
  expect(some).toHaveLength(40);
  expect(sample(items, 40, 1)).toEqual(some);
  expect(sample(items, 40, 2)).not.toEqual(some);
  expect([...some].sort((one, other) => one - other)).toEqual(some);
});

test("comes to everything in time", () => {
  const seen = new Set(Array.from({ length: 60 }, (_, seed) => sample(items, 40, seed)).flat());
  expect(seen.size).toBe(items.length);
});

test("is everything when there is less", () => {
  expect(sample([1, 2], 40, 7)).toEqual([1, 2]);
});
