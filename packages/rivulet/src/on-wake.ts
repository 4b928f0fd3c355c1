/**
 * What a page is told of: it is looked at again, it is taken out of the cache, the network is back; or gone, which a
 * connection may survive or not: the sooner it is asked the better.
 */
const occasions = ["visibilitychange", "pageshow", "online", "offline"] as const;

/** The `onWake` of an Environment where there are pages. Elsewhere nothing calls, or only the network does. */
export function onWake(callback: () => void): () => void {
  // In a worker there is no document; React Native has neither.
  const { addEventListener, removeEventListener, document }: Partial<typeof globalThis> = globalThis;
  const wake = ({ type }: Event): void => {
    // Not when it is looked away from: it may be about to be put into the cache, which a new WebSocket would prevent.
    if (type !== "visibilitychange" || document?.visibilityState !== "hidden") callback();
  };
  for (const name of occasions) addEventListener?.(name, wake);
  return () => {
    for (const name of occasions) removeEventListener?.(name, wake);
  };
}
