import { describe, expect, it } from "vitest";
import { formatStartResults, summarizeStart, type StartRound } from "./results.ts";

const rounds: StartRound[] = [
  { rivulet: { cpuMs: 10, wallMs: 11 }, "mqtt.js": { cpuMs: 100, wallMs: 90 } },
  { rivulet: { cpuMs: 14, wallMs: 60 }, "mqtt.js": { cpuMs: 70, wallMs: 95 } },
  { rivulet: { cpuMs: 12, wallMs: 13 }, "mqtt.js": { cpuMs: 80, wallMs: 99 } },
];

describe("summarizeStart", () => {
  it("has the medians, and that of the ratios, each of one round", () => {
    const { cells, met } = summarizeStart("import", 0.15, rounds);
    expect(cells).toEqual(["import", "80.0", "12.0", "0.150", "<= 0.15x", "95.0", "13.0", "ok"]);
    expect(met).toBe(true);
  });

  it("misses a target by what is above it", () => {
    expect(summarizeStart("import", 0.149, rounds)).toMatchObject({ met: false });
    expect(summarizeStart("import", 0.149, rounds).cells.at(-1)).toBe("MISS");
  });

  it("asks nothing where there is no target", () => {
    expect(summarizeStart("import", undefined, rounds).met).toBeUndefined();
  });
});

it("formatStartResults has a line for each", () => {
  const [header, line, ...rest] = formatStartResults([summarizeStart("import", 0.174, rounds)]).split("\n");
  expect(header).toMatch(/^case \(ms\) +MQTT\.js CPU +Rivulet CPU +ratio +target/);
  expect(line).toMatch(/^import +80\.0 +12\.0 +0\.150 +<= 0\.174x +95\.0 +13\.0 +ok$/);
  expect(rest).toEqual([]);
});
