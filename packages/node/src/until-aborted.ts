/** Waits for `promise` as long as `signal` is not aborted; then rejects with its reason, and leaves no listener. */
export function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      reject(reason);
    };
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    promise.finally(settle).then(resolve, reject);
  });
}
