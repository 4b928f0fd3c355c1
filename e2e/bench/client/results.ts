import { formatTable, median } from "../measure.ts";
import type { ClientCase } from "./cases.ts";
import type { Outcome } from "./run.ts";
import type { OurLibraryName } from "./task.ts";

/** The two that are measured in turn. */
const sides = ["ours", "mqtt.js"] as const;
type Side = (typeof sides)[number];

/** One round: what came of each side. */
export type Round = Readonly<Record<Side, Outcome>>;

/** How each library of ours is called in the table. */
const titles: Readonly<Record<OurLibraryName, string>> = { rivulet: "Rivulet", component: "MQTT class" };

/** What came of a case. */
export interface ClientResult {
  readonly name: string;
  readonly cells: readonly string[];
  /** Undefined where there is no target. */
  readonly met: boolean | undefined;
  /** What does not fit into the table. */
  readonly note: string | undefined;
}

/** From this share of the time on, the peer is what is measured too. */
const busyPeer = 0.9;

export function summarize(benchCase: ClientCase, library: OurLibraryName, rounds: readonly Round[]): ClientResult {
  const name = `${benchCase.peer}: ${benchCase.name}`;
  const target = library === "component" ? benchCase.componentTarget : benchCase.target;
  const values = perSide((side) => median(rounds.map((round) => figureOf(round[side]))));
  const ratio = median(rounds.map((round) => figureOf(round.ours) / figureOf(round["mqtt.js"])));
  const isRefused = rounds.some(({ ours }) => ours.type === "stalled" && ours.readyToSend !== false);
  const met =
    target === undefined
      ? undefined
      : !isRefused && ("ratio" in target ? ratio <= target.ratio : values.ours <= target.value);
  const rates = perSide((side) => rateOf(rounds.map((round) => round[side])));
  const [first] = rounds;
  return {
    name,
    cells: [
      name,
      first === undefined ? "" : unitOf(first.ours),
      formatFigure(values["mqtt.js"]),
      formatFigure(values.ours),
      ratio.toFixed(3),
      target === undefined ? "" : "ratio" in target ? `<= ${target.ratio}x` : `<= ${formatFigure(target.value)}`,
      rates["mqtt.js"],
      rates.ours,
      met === undefined ? "" : met ? "ok" : "MISS",
    ],
    met,
    note: noteOf(library, rounds),
  };
}

export function formatClientResults(library: OurLibraryName, results: readonly ClientResult[]): string {
  const title = titles[library];
  const header = ["case", "unit", "MQTT.js", title, "ratio", "target", "MQTT.js k/s", `${title} k/s`, ""];
  const notes = results.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return [formatTable([header, ...results.map(({ cells }) => cells)]), ...notes].join("\n");
}

/** What is compared: the lower, the better. */
function figureOf(outcome: Outcome): number {
  switch (outcome.type) {
    case "throughput":
      return (outcome.cpuSeconds / outcome.messages) * 100_000;
    case "latency":
      return median(outcome.millisecondsEach);
    case "idle":
      return outcome.heapBytes / 1024;
    case "stalled":
      return outcome.bufferedBytes / 2 ** 20;
  }
}

function unitOf({ type }: Outcome): string {
  return {
    throughput: "CPU s/100k",
    latency: "ms, p50",
    idle: "heap KiB each",
    stalled: "MiB buffered",
  }[type];
}

/** Thousands of messages per second of wall time. */
function rateOf(outcomes: readonly Outcome[]): string {
  const rates = outcomes.flatMap((outcome) =>
    outcome.type === "throughput" ? [outcome.messages / outcome.wallSeconds / 1000] : [],
  );
  return rates.length === 0 ? "" : median(rates).toFixed(median(rates) < 10 ? 1 : 0);
}

function noteOf(library: OurLibraryName, rounds: readonly Round[]): string | undefined {
  const notes = sides.flatMap((side) => {
    const note = noteOfSide(rounds.map((round) => round[side]));
    return note === undefined ? [] : [`${side === "ours" ? titles[library] : "MQTT.js"} ${note}`];
  });
  return notes.length === 0 ? undefined : notes.join("; ");
}

function noteOfSide(outcomes: readonly Outcome[]): string | undefined {
  const middle = (read: (outcome: Outcome) => number): number => median(outcomes.map(read));
  const [first] = outcomes;
  switch (first?.type) {
    case "throughput": {
      const busy = middle((each) => (each.type === "throughput" ? each.peerCpuSeconds / each.wallSeconds : 0));
      return busy < busyPeer ? undefined : `kept its peer busy for ${Math.round(100 * busy)} % of the time`;
    }
    case "latency": {
      const all = outcomes.flatMap((each) => (each.type === "latency" ? each.millisecondsEach : []));
      return `p99 ${formatFigure(percentile(all, 0.99))} ms of ${all.length}`;
    }
    case "idle": {
      const other = middle((each) => (each.type === "idle" ? each.otherBytes : 0)) / 1024;
      const resident = middle((each) => (each.type === "idle" ? each.residentBytes : 0)) / 1024;
      return `beside the heap ${formatFigure(other)} KiB each, resident ${formatFigure(resident)} KiB each`;
    }
    case "stalled": {
      const grown = middle((each) => (each.type === "stalled" ? each.residentBytes : 0)) / 2 ** 20;
      const signal = first.readyToSend === undefined ? "no signal" : `readyToSend ${String(first.readyToSend)}`;
      return `grew by ${formatFigure(grown)} MiB, refused ${first.rejected}, ${signal}`;
    }
    case undefined:
      return undefined;
  }
}

function perSide<Value>(make: (side: Side) => Value): Record<Side, Value> {
  return { ours: make("ours"), "mqtt.js": make("mqtt.js") };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function formatFigure(value: number): string {
  return value.toPrecision(3);
}
