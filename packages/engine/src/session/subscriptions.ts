import type { SubackPacket } from "@rivulet/codec";
import { SubscribeError, type MqttError, type SubscribeResult } from "../errors.ts";
import type { SubscriptionRecord } from "../session-store.ts";
import type { Request } from "./exchanges.ts";
import type { Outbox } from "./outbox.ts";
import type { Server } from "./server.ts";

/** The greatest Subscription Identifier there is. */
const greatestIdentifier = 268_435_455;

/** A SUBSCRIBE without its Packet Identifier. */
export type Subscribe = Extract<Request, { type: "subscribe" }>;

// Theory of operation
//
// What the application wants to be subscribed to, by Topic Filter: what the server has granted, until it is
// unsubscribed. A server that has lost the Session is asked for all of it again. Options and identifier belong to the
// filter; the latest win [MQTT-3.8.4-3].

/** The subscriptions of a Session. */
export class Subscriptions {
  readonly #outbox: Outbox<unknown>;
  readonly #records = new Map<string, SubscriptionRecord>();
  #lastIdentifier = greatestIdentifier + 1;

  constructor(outbox: Outbox<unknown>) {
    this.#outbox = outbox;
  }

  get records(): SubscriptionRecord[] {
    return [...this.#records.values()];
  }

  /** Whether a subscription has this identifier. */
  isIdentifier(identifier: number): boolean {
    return this.records.some((record) => record.identifier === identifier);
  }

  /**
   * The identifier for a SUBSCRIBE: the server tells with it which subscription a message is for. It is the one that
   * these filters have, with which messages may be on their way; otherwise one that no subscription has.
   */
  identifierFor(topicFilters: readonly string[]): number {
    const [first, ...others] = topicFilters.map((topicFilter) => this.#records.get(topicFilter)?.identifier);
    if (first !== undefined && others.every((other) => other === first)) return first;
    const used = new Set(this.records.map(({ identifier }) => identifier));
    do this.#lastIdentifier -= 1;
    while (used.has(this.#lastIdentifier));
    return this.#lastIdentifier;
  }

  /** The server has answered a SUBSCRIBE: the application's, or one of `resubscribe`. */
  answered({ subscriptions, properties }: Subscribe, { reasonCodes }: SubackPacket, isOurs: boolean): void {
    const identifier = properties?.subscriptionIdentifier;
    const refused: SubscribeResult[] = [];
    for (const [index, subscription] of subscriptions.entries()) {
      const { topicFilter } = subscription;
      const reasonCode = reasonCodes[index] as number; // There is one for each: the Sender has counted.
      // A filter that is refused leaves the subscription that was there as it was.
      if (reasonCode >= 0x80) refused.push({ filter: topicFilter, reasonCode });
      else this.put({ key: `sub/${topicFilter}`, subscription, ...(identifier === undefined ? {} : { identifier }) });
    }
    if (isOurs && refused.length > 0) {
      this.#lost(
        refused.map(({ filter }) => filter),
        new SubscribeError(refused),
      );
    }
  }

  /** Asks a server that has lost the Session for everything again. */
  resubscribe(server: Server, request: (subscribe: Subscribe) => void): void {
    const asks = this.#requests(server);
    for (const subscribe of asks) {
      const { subscriptions } = subscribe;
      try {
        request(subscribe);
      } catch (error) {
        const [first, ...others] = subscriptions.map(({ topicFilter }) => topicFilter);
        if (others.length === 0) this.#lost([first as string], error as MqttError);
        // What this server does not do for one is not the others' fault.
        else for (const one of subscriptions) asks.push({ ...subscribe, subscriptions: [one] });
      }
    }
  }

  /** The filters are of no interest any more, whatever the server says. */
  unsubscribed(topicFilters: readonly string[]): void {
    for (const topicFilter of topicFilters) {
      const record = this.#records.get(topicFilter);
      if (record === undefined) continue;
      this.#records.delete(topicFilter);
      this.#outbox.journal.delete(record.key);
    }
  }

  /** Nobody wants them any more. What is kept elsewhere stays there. */
  abandon(): void {
    this.#records.clear();
  }

  put(record: SubscriptionRecord): void {
    this.#records.set(record.subscription.topicFilter, record); // [MQTT-3.8.4-3] [MQTT311-3.8.4-3]
    this.#outbox.journal.put(record);
  }

  /** Subscriptions are gone, and will not be granted again. */
  #lost(topicFilters: readonly string[], error: MqttError): void {
    this.unsubscribed(topicFilters);
    this.#outbox.emit({ type: "subscriptionsLost", topicFilters, error });
  }

  /**
   * The SUBSCRIBEs that ask for everything again: one for each identifier, or more where one could be too large for
   * the server.
   */
  #requests({ maximumPacketSize, subscriptionIdentifierAvailable: hasIdentifiers }: Server): Subscribe[] {
    const requests: Subscribe[] = [];
    const open = new Map<number | undefined, { readonly request: Subscribe; mostBytes: number }>();
    for (const { subscription, identifier: own } of this.#records.values()) {
      const identifier = hasIdentifiers ? own : undefined;
      // At most three bytes for each UTF-16 unit; length and options of the filter, and what each packet begins with.
      const mostBytes = 3 * subscription.topicFilter.length + 16;
      const last = open.get(identifier);
      if (last !== undefined && last.mostBytes + mostBytes <= maximumPacketSize) {
        last.request.subscriptions.push(subscription);
        last.mostBytes += mostBytes;
        continue;
      }
      const properties = identifier === undefined ? {} : { properties: { subscriptionIdentifier: identifier } };
      const request: Subscribe = { type: "subscribe", subscriptions: [subscription], ...properties };
      open.set(identifier, { request, mostBytes });
      requests.push(request);
    }
    return requests;
  }
}
