import type { Subscription } from "rivulet";

/**
 * The Subscriptions of one client. All messages come to the client's listener; a Subscription is kept only so that the
 * client has it made again when the server has lost it. One whose filters have all been subscribed to again is let go, so
 * that subscribing to the same filter for ever takes no memory.
 */
export class Subscriptions {
  readonly #latest = new Map<string, Live>();

  /** Begins anew, with another client. */
  clear(): void {
    this.#latest.clear();
  }

  add(subscription: Subscription): void {
    const granted = subscription.results.filter(({ qos }) => qos !== undefined);
    const live: Live = { subscription, filters: new Set(granted.map(({ filter }) => filter)) };
    for (const filter of live.filters) {
      this.#leave(filter);
      this.#latest.set(filter, live);
    }
  }

  /** The server has been told that they are not wanted; the client has seen to the rest. */
  remove(filters: readonly string[]): void {
    for (const filter of filters) {
      this.#latest.get(filter)?.filters.delete(filter);
      this.#latest.delete(filter);
    }
  }

  #leave(filter: string): void {
    const before = this.#latest.get(filter);
    before?.filters.delete(filter);
    // Its filters are shared by others now: the server is told nothing.
    if (before?.filters.size === 0) before.subscription.unsubscribe().catch(() => undefined);
  }
}

/** A Subscription, and the filters that no later one has. */
interface Live {
  readonly subscription: Subscription;
  readonly filters: Set<string>;
}
