/** What is used of an event of Chromium's trace. */
export interface TraceEvent {
  readonly name: string;
  /** CPU time of its thread, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string } };
}

/**
 * What the evaluation of a script has cost the main thread, in milliseconds of CPU time: what it does at its top level, and
 * the compilation of the functions that this calls. Chromium parses what it loads on another thread.
 */
export function evaluationMs(events: readonly TraceEvent[], path: string): number {
  const own = events.filter(({ name, args }) => name === "EvaluateScript" && args?.data?.url?.endsWith(path));
  const [event] = own;
  if (own.length !== 1 || event?.tdur === undefined) {
    throw new Error(`The trace has ${own.length} evaluations of ${path} instead of 1 with its CPU time`);
  }
  return event.tdur / 1000;
}
