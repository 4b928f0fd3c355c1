import {
  isSharedSubscription,
  reasonCodes,
  type SubscribePacket,
  type TopicSubscription,
  type UnsubscribePacket,
} from "@rivulet/codec";
import type { BrokerSession, BrokerSubscription } from "./broker-session.ts";
import type { Line } from "./line.ts";
import type { BrokerSettings } from "./settings.ts";

/** What answering a SUBSCRIBE takes. */
export interface SubscribeParts {
  readonly line: Line;
  readonly broker: {
    readonly settings: BrokerSettings;
    sendRetained(session: BrokerSession, subscription: BrokerSubscription): void;
  };
}

/** Carries out a SUBSCRIBE, and returns what sends its SUBACK. */
export function answerSubscribe(
  { subscriptions, properties, packetIdentifier }: SubscribePacket,
  session: BrokerSession,
  { line, broker }: SubscribeParts,
): () => void {
  const identifier = properties?.subscriptionIdentifier;
  if (identifier !== undefined && !broker.settings.subscriptionIdentifierAvailable) {
    line.violate("MQTT-3.2.2-16", "A Subscription Identifier", reasonCodes.subscriptionIdentifiersNotSupported);
  }
  const added: [subscription: BrokerSubscription, isNew: boolean][] = [];
  const codes = subscriptions.map((subscription) => {
    const { topicFilter, qos } = subscription;
    const code = fault(subscription, broker.settings, line);
    if (code !== undefined) return line.version === 5 ? code : reasonCodes.unspecifiedError; // [MQTT311-3.9.3-2]
    const granted = { ...subscription, qos: Math.min(qos, broker.settings.maximumQoS) as 0 | 1 | 2, identifier };
    added.push([granted, !session.subscriptions.has(topicFilter)]);
    session.subscriptions.set(topicFilter, granted); // [MQTT-3.8.4-3]
    return granted.qos;
  });
  return () => {
    line.send({ type: "suback", packetIdentifier, reasonCodes: codes });
    for (const [subscription, isNew] of added) {
      const { retainHandling, topicFilter } = subscription;
      if (isSharedSubscription(topicFilter)) continue;
      // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
      if (retainHandling === 0 || (retainHandling === 1 && isNew)) broker.sendRetained(session, subscription);
    }
  };
}

/** Carries out an UNSUBSCRIBE, and returns what sends its UNSUBACK. */
export function answerUnsubscribe(
  { topicFilters, packetIdentifier }: UnsubscribePacket,
  session: BrokerSession,
  line: Line,
): () => void {
  const codes = topicFilters.map((topicFilter) =>
    session.subscriptions.delete(topicFilter) ? reasonCodes.success : reasonCodes.noSubscriptionExisted,
  );
  return () => {
    // [MQTT-3.11.3-1]; in MQTT 3.1.1 there are no codes.
    line.send({ type: "unsuback", packetIdentifier, reasonCodes: line.version === 5 ? codes : [] });
  };
}

/** Why a filter is refused. What CONNACK has ruled out is the client's mistake. */
function fault({ topicFilter, noLocal }: TopicSubscription, settings: BrokerSettings, line: Line): number | undefined {
  const isShared = isSharedSubscription(topicFilter) && line.version === 5;
  if (isShared && noLocal) {
    line.violate("MQTT-3.8.3-4", `No Local on ${topicFilter}`);
    return reasonCodes.unspecifiedError;
  }
  if (isShared && !settings.sharedSubscriptionAvailable) {
    line.violate("MQTT-3.2.2", `A shared subscription`, reasonCodes.sharedSubscriptionsNotSupported);
    return reasonCodes.sharedSubscriptionsNotSupported;
  }
  if (/[+#]/.test(topicFilter) && !settings.wildcardSubscriptionAvailable) {
    line.violate("MQTT-3.2.2", "A wildcard", reasonCodes.wildcardSubscriptionsNotSupported);
    return reasonCodes.wildcardSubscriptionsNotSupported;
  }
  // A name of the tests' own for what the server does not allow.
  return topicFilter.startsWith("forbidden/") ? reasonCodes.notAuthorized : undefined;
}
