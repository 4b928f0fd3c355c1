/** Runs of one contestant: does the work `times` times over and returns the number of operations done. */
export type Work = (times: number) => number;

/** A row of the table: the same job done by the peer and by Rivulet. */
export interface Contest {
  name: string;
  /** The ratio to reach; a row without one is there to be seen. */
  target?: number;
  /** The peer's way to do it: the one that the target is about. */
  peer: Work;
  peerWay: string;
  rivulet: Work;
}

/** What came of a contest, in operations per CPU second. */
export interface Result {
  name: string;
  peerWay: string;
  peerRate: number;
  rivuletRate: number;
  /** The median over the rounds of Rivulet's rate divided by the peer's. */
  ratio: number;
  target: number | undefined;
  met: boolean;
}

const roundCpuMs = 60;

interface Entrant {
  work: Work;
  times: number;
}

/** Measures in rounds, with the contestants taking turns, so that both see the same weather. */
export function measure(contest: Contest, rounds: number): Result {
  const { name, target, peerWay } = contest;
  const [peer, rivulet] = [contest.peer, contest.rivulet].map((work) => ({ work, times: calibrate(work) })) as [
    Entrant,
    Entrant,
  ];
  const rates: { peer: number; rivulet: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) rates.push({ peer: rateOf(peer), rivulet: rateOf(rivulet) });
    else rates.push({ rivulet: rateOf(rivulet), peer: rateOf(peer) });
  }
  const ratio = median(rates.map((round) => round.rivulet / round.peer));
  return {
    name,
    peerWay,
    peerRate: median(rates.map((round) => round.peer)),
    rivuletRate: median(rates.map((round) => round.rivulet)),
    ratio,
    target,
    met: target === undefined || ratio >= target,
  };
}

/** The results as lines of text. */
export function formatResults(peerName: string, results: readonly Result[]): string {
  const rows = results.map(({ name, peerWay, peerRate, rivuletRate, ratio, target, met }) => [
    name,
    `${peerWay} ${perSecond(peerRate)}`,
    perSecond(rivuletRate),
    `${ratio.toFixed(2)}x`,
    target === undefined ? "" : `>= ${target}x`,
    target === undefined ? "" : met ? "yes" : "NO",
  ]);
  return formatTable([["case (operations per CPU second)", peerName, "Rivulet", "ratio", "target", "met"], ...rows]);
}

/** Rows as lines of text: names to the left, figures to the right, and the last column, a remark, to the left. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column > 0 && column < widths.length - 1))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Warms up, and finds how many times fill a round. */
function calibrate(work: Work): number {
  let times = 1;
  for (;;) {
    const spent = cpuMs(() => work(times));
    if (spent >= roundCpuMs) return Math.max(1, Math.round((times * roundCpuMs) / spent));
    times *= 2;
  }
}

function rateOf({ work, times }: Entrant): number {
  let operations = 0;
  const spent = cpuMs(() => {
    operations = work(times);
  });
  return (operations / spent) * 1000;
}

/** CPU time of the whole process, garbage collection included. */
function cpuMs(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function perSecond(rate: number): string {
  if (rate >= 1e6) return `${(rate / 1e6).toFixed(2)} M`;
  return rate >= 1e3 ? `${(rate / 1e3).toFixed(1)} k` : rate.toFixed(0);
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
