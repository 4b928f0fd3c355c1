import { formatTable, median } from "../measure.ts";
import type { Target } from "../client/cases.ts";
import type { ClientResult } from "../client/results.ts";
import { browserLibraries, type BrowserLibrary, type PageRun } from "./task.ts";

/** What came of a task in one page. */
export interface Throughput extends PageRun {
  readonly type: "throughput";
  /** Of the page's main thread. */
  readonly cpuSeconds: number;
  /** Of all threads of the page: those that collect garbage and compile, too. */
  readonly processCpuSeconds: number;
  readonly peerCpuSeconds: number;
}

/** What the evaluation of a script has cost the page's main thread. */
export interface Evaluation {
  readonly type: "evaluation";
  readonly cpuMs: number;
}

export type BrowserOutcome = Throughput | Evaluation;

/** One round: what came of each library. */
export type BrowserRound = Readonly<Record<BrowserLibrary, BrowserOutcome>>;

/** From this share of the time on, the peer is what is measured too. */
const busyPeer = 0.9;

export function summarizeBrowser(
  name: string,
  target: Target | undefined,
  rounds: readonly BrowserRound[],
): ClientResult {
  const value = (library: BrowserLibrary): number => median(rounds.map((round) => figureOf(round[library])));
  const ratio = median(rounds.map((round) => figureOf(round.rivulet) / figureOf(round["mqtt.js"])));
  const met =
    target === undefined ? undefined : "ratio" in target ? ratio <= target.ratio : value("rivulet") <= target.value;
  const notes = browserLibraries.flatMap((library) => noteOf(library, rounds));
  return {
    name,
    cells: [
      name,
      rounds[0]?.rivulet.type === "evaluation" ? "CPU ms" : "CPU s/100k",
      value("mqtt.js").toPrecision(3),
      value("rivulet").toPrecision(3),
      ratio.toFixed(3),
      target === undefined ? "" : "ratio" in target ? `<= ${target.ratio}x` : `<= ${target.value}`,
      rateOf("mqtt.js", rounds),
      rateOf("rivulet", rounds),
      allThreads(rounds),
      met === undefined ? "" : met ? "ok" : "MISS",
    ],
    met,
    note: notes.length === 0 ? undefined : notes.join("; "),
  };
}

export function formatBrowserResults(results: readonly ClientResult[]): string {
  const rates = ["MQTT.js k/s", "Rivulet k/s"];
  const header = ["case", "unit", "MQTT.js", "Rivulet", "ratio", "target", ...rates, "all threads", ""];
  const notes = results.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return [formatTable([header, ...results.map(({ cells }) => cells)]), ...notes].join("\n");
}

/** What is compared: the lower, the better. */
function figureOf(outcome: BrowserOutcome): number {
  return outcome.type === "evaluation" ? outcome.cpuMs : (outcome.cpuSeconds / outcome.messages) * 100_000;
}

/** The ratio of what the whole processes have used. */
function allThreads(rounds: readonly BrowserRound[]): string {
  const ratios = rounds.flatMap(({ rivulet, "mqtt.js": peer }) =>
    rivulet.type === "throughput" && peer.type === "throughput"
      ? [rivulet.processCpuSeconds / rivulet.messages / (peer.processCpuSeconds / peer.messages)]
      : [],
  );
  return ratios.length === 0 ? "" : median(ratios).toFixed(3);
}

/** Thousands of messages per second of wall time. */
function rateOf(library: BrowserLibrary, rounds: readonly BrowserRound[]): string {
  const rates = throughputs(library, rounds).map(({ messages, wallSeconds }) => messages / wallSeconds / 1000);
  return rates.length === 0 ? "" : median(rates).toFixed(median(rates) < 10 ? 1 : 0);
}

function noteOf(library: BrowserLibrary, rounds: readonly BrowserRound[]): string[] {
  const busy = median(throughputs(library, rounds).map((each) => each.peerCpuSeconds / each.wallSeconds));
  // Without a peer it is not a number.
  return busy >= busyPeer ? [`${library} kept its peer busy for ${Math.round(100 * busy)} % of the time`] : [];
}

function throughputs(library: BrowserLibrary, rounds: readonly BrowserRound[]): Throughput[] {
  return rounds.map((round) => round[library]).filter((each) => each.type === "throughput");
}
