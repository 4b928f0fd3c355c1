import { formatTable, median } from "../measure.ts";
import type { ClientCase } from "./cases.ts";
import type { Outcome } from "./run.ts";
import { libraryNames, type LibraryName } from "./task.ts";

/** One round: what came of each library. */
export type Round = Readonly<Record<LibraryName, Outcome>>;

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

export function summarize(benchCase: ClientCase, rounds: readonly Round[]): ClientResult {
  const name = `${benchCase.peer}: ${benchCase.name}`;
  const { target } = benchCase;
  const values = perLibrary((library) => median(rounds.map((round) => figureOf(round[library]))));
  const ratio = median(rounds.map((round) => figureOf(round.rivulet) / figureOf(round["mqtt.js"])));
  const isRefused = rounds.some(({ rivulet }) => rivulet.type === "stalled" && rivulet.readyToSend !== false);
  const met =
    target === undefined
      ? undefined
      : !isRefused && ("ratio" in target ? ratio <= target.ratio : values.rivulet <= target.value);
  const rates = perLibrary((library) => rateOf(rounds.map((round) => round[library])));
  const [first] = rounds;
  return {
    name,
    cells: [
      name,
      first === undefined ? "" : unitOf(first.rivulet),
      formatFigure(values["mqtt.js"]),
      formatFigure(values.rivulet),
      ratio.toFixed(3),
      target === undefined ? "" : "ratio" in target ? `<= ${target.ratio}x` : `<= ${formatFigure(target.value)}`,
      rates["mqtt.js"],
      rates.rivulet,
      met === undefined ? "" : met ? "ok" : "MISS",
    ],
    met,
    note: noteOf(rounds),
  };
}

export function formatClientResults(results: readonly ClientResult[]): string {
  const header = ["case", "unit", "MQTT.js", "Rivulet", "ratio", "target", "MQTT.js k/s", "Rivulet k/s", ""];
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

function noteOf(rounds: readonly Round[]): string | undefined {
  const notes = libraryNames.flatMap((library) => {
    const note = noteOfLibrary(rounds.map((round) => round[library]));
    return note === undefined ? [] : [`${library === "rivulet" ? "Rivulet" : "MQTT.js"} ${note}`];
  });
  return notes.length === 0 ? undefined : notes.join("; ");
}

function noteOfLibrary(outcomes: readonly Outcome[]): string | undefined {
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

function perLibrary<Value>(make: (library: LibraryName) => Value): Record<LibraryName, Value> {
  return { rivulet: make("rivulet"), "mqtt.js": make("mqtt.js") };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function formatFigure(value: number): string {
  return value.toPrecision(3);
}
