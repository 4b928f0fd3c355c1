import { describe, expect, it } from "vitest";
import { formatBrowserResults, summarizeBrowser, type BrowserRound, type Throughput } from "./results.ts";

const run = (cpuSeconds: number, details: Partial<Throughput> = {}): Throughput => ({
  type: "throughput",
  messages: 200_000,
  wallSeconds: 2,
  cpuSeconds,
  processCpuSeconds: 2 * cpuSeconds,
  peerCpuSeconds: 1,
  ...details,
});

describe("summarizeBrowser", () => {
  const rounds: BrowserRound[] = [
    { rivulet: run(0.4), "mqtt.js": run(1) },
    { rivulet: run(0.2), "mqtt.js": run(2, { wallSeconds: 40 }) },
    { rivulet: run(0.3), "mqtt.js": run(1.5, { wallSeconds: 80 }) },
  ];

  it("has the medians for 100,000 messages, and that of the ratios, each of one round", () => {
    const { cells, met, note } = summarizeBrowser("receive", { ratio: 0.2 }, rounds);
    const [unit, figures, rates] = ["CPU s/100k", ["0.750", "0.150", "0.200", "<= 0.2x"], ["5.0", "100"]];
    expect(cells).toEqual(["receive", unit, ...figures, ...rates, "0.200", "ok"]);
    expect(met).toBe(true);
    expect(note).toBeUndefined();
  });

  it("misses a target by what is above it, and asks nothing where there is none", () => {
    expect(summarizeBrowser("receive", { ratio: 0.19 }, rounds)).toMatchObject({ met: false });
    expect(summarizeBrowser("receive", { ratio: 0.19 }, rounds).cells.at(-1)).toBe("MISS");
    expect(summarizeBrowser("receive", undefined, rounds).met).toBeUndefined();
  });

  it("says who kept the peer busy, since then it is the peer that is measured", () => {
    const busy = rounds.map((round) => ({ ...round, rivulet: run(0.1, { peerCpuSeconds: 1.9 }) }));
    expect(summarizeBrowser("receive", undefined, busy).note).toBe("rivulet kept its peer busy for 95 % of the time");
  });

  it("compares an evaluation with a figure of its own", () => {
    const round: BrowserRound = {
      rivulet: { type: "evaluation", cpuMs: 4 },
      "mqtt.js": { type: "evaluation", cpuMs: 80 },
    };
    const { cells, met, note } = summarizeBrowser("evaluation", { value: 5 }, [round]);
    expect(cells).toEqual(["evaluation", "CPU ms", "80.0", "4.00", "0.050", "<= 5", "", "", "", "ok"]);
    expect(met).toBe(true);
    expect(note).toBeUndefined();
    expect(summarizeBrowser("evaluation", { value: 3.9 }, [round]).met).toBe(false);
  });
});

it("formatBrowserResults puts what does not fit below the table", () => {
  const busy: BrowserRound = { rivulet: run(0.1, { peerCpuSeconds: 2 }), "mqtt.js": run(1) };
  const lines = formatBrowserResults([summarizeBrowser("publish", { ratio: 0.4 }, [busy])]).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^case +unit +MQTT\.js +Rivulet +ratio +target/);
  expect(lines[1]).toMatch(/^publish +CPU s\/100k +0\.500 +0\.0500 +0\.100 +<= 0\.4x +100 +100 +0\.100 +ok$/);
  expect(lines[2]).toBe("publish: rivulet kept its peer busy for 100 % of the time");
});
