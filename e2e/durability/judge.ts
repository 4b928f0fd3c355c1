/** What is known of one client after all its lives. */
export interface Evidence {
  /** The lines of its journal in order; `life` begins each life. */
  readonly journal: readonly string[];
  /** What the reference subscriber has received, in order. */
  readonly received: readonly number[];
  /** What the broker has acknowledged of the messages to the client. */
  readonly sent: readonly number[];
  /** Whether the end of a life may have kept its last lines from the journal. */
  readonly isIncomplete?: boolean;
}

export interface Verdict {
  /** What should not be, in words. */
  readonly faults: readonly string[];
  /** Messages that were said to be stored. */
  readonly stored: number;
  readonly received: number;
  readonly handled: number;
  /** QoS 1 messages beyond the first copy, each way: they are allowed. */
  readonly doubled: { readonly out: number; readonly in: number };
  /** QoS 2 messages that came in again, because their handler had not been recorded as done: allowed as well. */
  readonly handledAgain: number;
}

/** Even numbers are at QoS 2, odd ones at QoS 1, both ways. */
export function isExactlyOnce(number: number): boolean {
  return number % 2 === 0;
}

/** Says what is lost and what is doubled, by what was promised. */
export function judge({ journal, received, sent, isIncomplete = false }: Evidence): Verdict {
  const stored = numbersOf(journal, "stored");
  const attempted = new Set(numbersOf(journal, "attempted"));
  const handled = numbersOf(journal, "handled");
  const receivedTimes = countOf(received);
  const handledTimes = countOf(handled);
  const faults = [
    ...stored.filter((number) => !receivedTimes.has(number)).map((number) => `${number} was stored, and is lost`),
    ...[...receivedTimes].flatMap(([number, times]) => {
      if (!isIncomplete && !attempted.has(number)) return [`${number} was received, and never published`];
      return isExactlyOnce(number) && times > 1 ? [`${number} was received ${times} times at QoS 2`] : [];
    }),
    ...sent.filter((number) => !handledTimes.has(number)).map((number) => `${number} was sent, and never handled`),
    ...handlingFaults(journal),
    ...(journal.includes("drained") ? [] : ["what was under way at the end never came to an end"]),
  ];
  const beyond = (times: ReadonlyMap<number, number>, isCounted: (number: number) => boolean): number =>
    [...times].reduce((sum, [number, count]) => sum + (isCounted(number) ? count - 1 : 0), 0);
  return {
    faults,
    stored: stored.length,
    received: receivedTimes.size,
    handled: handledTimes.size,
    doubled: {
      out: beyond(receivedTimes, (number) => !isExactlyOnce(number)),
      in: beyond(handledTimes, (number) => !isExactlyOnce(number)),
    },
    handledAgain: beyond(handledTimes, isExactlyOnce),
  };
}

/** A QoS 2 message is handled once in a life, and not at all once it was recorded as done. */
function handlingFaults(journal: readonly string[]): string[] {
  const faults: string[] = [];
  const recorded = new Set<number>();
  const inThisLife = new Set<number>();
  for (const line of journal) {
    const [what = "", value] = line.split(" ");
    const number = Number(value);
    if (what === "life") inThisLife.clear();
    if (what === "recorded" && value !== "") recorded.add(number);
    if (what !== "handled" || !isExactlyOnce(number)) continue;
    if (recorded.has(number)) faults.push(`${number} was handled after it had been recorded as done`);
    if (inThisLife.has(number)) faults.push(`${number} was handled twice in one life`);
    inThisLife.add(number);
  }
  return faults;
}

function numbersOf(journal: readonly string[], what: string): number[] {
  return journal.filter((line) => line.startsWith(`${what} `)).map((line) => Number(line.slice(what.length)));
}

function countOf(numbers: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}
