import { formatTable, median } from "../measure.ts";

/** The two that are measured in turn. */
export type StartLibrary = "rivulet" | "mqtt.js";

/** What a process has told: CPU time of all its threads, and time on the wall. */
export interface Start {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export type StartRound = Readonly<Record<StartLibrary, Start>>;

export interface StartResult {
  readonly cells: readonly string[];
  /** Undefined where there is no target. */
  readonly met: boolean | undefined;
}

/** The target is a part of the CPU time of MQTT.js: time on the wall is also that of other programs. */
export function summarizeStart(
  name: string,
  targetRatio: number | undefined,
  rounds: readonly StartRound[],
): StartResult {
  const middle = (library: StartLibrary, figure: keyof Start): number =>
    median(rounds.map((round) => round[library][figure]));
  const ratio = median(rounds.map((round) => round.rivulet.cpuMs / round["mqtt.js"].cpuMs));
  const met = targetRatio === undefined ? undefined : ratio <= targetRatio;
  return {
    cells: [
      name,
      middle("mqtt.js", "cpuMs").toFixed(1),
      middle("rivulet", "cpuMs").toFixed(1),
      ratio.toFixed(3),
      targetRatio === undefined ? "" : `<= ${targetRatio}x`,
      middle("mqtt.js", "wallMs").toFixed(1),
      middle("rivulet", "wallMs").toFixed(1),
      met === undefined ? "" : met ? "ok" : "MISS",
    ],
    met,
  };
}

export function formatStartResults(results: readonly StartResult[]): string {
  const header = ["case (ms)", "MQTT.js CPU", "Rivulet CPU", "ratio", "target", "MQTT.js wall", "Rivulet wall", ""];
  return formatTable([header, ...results.map(({ cells }) => cells)]);
}
