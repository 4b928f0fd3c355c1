import { isSharedSubscription, topicMatches } from "@rivulet/codec";
import type { BrokerSession, BrokerSubscription } from "./broker-session.ts";

/** A Session that is to get a message, and the subscriptions for which it is. */
export interface Match {
  readonly session: BrokerSession;
  readonly subscriptions: readonly BrokerSubscription[];
}

/** Finds out who is to get messages. Members of a shared subscription take turns. */
export class Subscriptions {
  readonly #turns = new Map<string, number>();

  match(sessions: Iterable<BrokerSession>, topic: string, publisher: string): Match[] {
    const matches: Match[] = [];
    const shares = new Map<string, Match[]>();
    for (const session of sessions) {
      const own: BrokerSubscription[] = [];
      for (const subscription of session.subscriptions.values()) {
        const { topicFilter, noLocal } = subscription;
        if (!topicMatches(topicFilter, topic)) continue;
        if (noLocal && publisher === session.clientIdentifier) continue; // [MQTT-3.8.3-3]
        if (!isSharedSubscription(topicFilter)) own.push(subscription);
        else shares.set(topicFilter, [...(shares.get(topicFilter) ?? []), { session, subscriptions: [subscription] }]);
      }
      if (own.length > 0) matches.push({ session, subscriptions: own });
    }
    for (const [share, members] of shares) matches.push(this.#choose(share, members));
    return matches;
  }

  /** Prefers those who are there [MQTT-4.8.2-4]. */
  #choose(share: string, members: readonly Match[]): Match {
    const present = members.filter(({ session }) => session.isConnected);
    const candidates = present.length > 0 ? present : members;
    const turn = (this.#turns.get(share) ?? 0) + 1;
    this.#turns.set(share, turn);
    return candidates[turn % candidates.length] as Match; // There is one at least: the share came from it.
  }
}
