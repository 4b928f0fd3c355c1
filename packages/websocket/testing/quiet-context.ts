import type { TransportContext } from "@rivulet/engine";

/** An attempt that nobody gives up and nobody listens to. */
export function quietContext(changes: Partial<TransportContext> = {}): TransportContext {
  return {
    signal: new AbortController().signal,
    report: () => undefined,
    verify: ({ accept }) => accept,
    ...changes,
  };
}
