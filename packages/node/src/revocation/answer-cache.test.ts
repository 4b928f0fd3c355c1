import { expect, test } from "vitest";
import { AnswerCache } from "./answer-cache.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const hour = 3_600_000;

test("an answer is kept for as long as it holds", () => {
  const cache = new AnswerCache();
  cache.set("a", bytes(3), { now: 1_000, validUntil: 5_000 });
  expect(cache.get("a", 4_999)).toEqual(bytes(3));
  expect(cache.get("a", 5_000)).toBeUndefined();
  expect(cache.get("a", 1_000)).toBeUndefined();
  expect(cache.get("b", 1_000)).toBeUndefined();
});

test("an answer is kept for an hour at most", () => {
  const cache = new AnswerCache();
  cache.set("a", bytes(3), { now: 0, validUntil: 100 * hour });
  expect(cache.get("a", hour - 1)).toEqual(bytes(3));
  expect(cache.get("a", hour)).toBeUndefined();
});

test("the oldest answers go when there are too many", () => {
  const cache = new AnswerCache({ maxBytes: 10 });
  const until = { now: 0, validUntil: hour };
  cache.set("a", bytes(4), until);
  cache.set("b", bytes(4), until);
  cache.set("a", bytes(5), until);
  expect(cache.get("b", 0)).toEqual(bytes(4));
  cache.set("c", bytes(4), until);
  expect(cache.get("b", 0)).toBeUndefined();
  expect(cache.get("a", 0)).toEqual(bytes(5));
  expect(cache.get("c", 0)).toEqual(bytes(4));
  cache.set("d", bytes(11), until);
  expect(cache.get("d", 0)).toBeUndefined();
  expect(cache.get("a", 0)).toEqual(bytes(5));
});
