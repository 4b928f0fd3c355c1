import type { ConnectOptions, SessionStore } from "@rivulet/engine";
import { payloadOf } from "../checks/payload.ts";
import type { ClientPlan } from "../scenario/plan.ts";

/** The options of a client's plan. */
export function clientOptions(plan: ClientPlan, isEven: boolean, store: SessionStore | undefined): ConnectOptions {
  const isVersion5 = plan.version === 5;
  return {
    protocolVersion: plan.version,
    clientId: plan.name,
    cleanStart: plan.cleanStart,
    keepAlive: plan.keepAlive,
    connectTimeoutMs: 3000,
    operationTimeoutMs: 20_000,
    maxInflight: plan.maxInflight,
    maximumPacketSize: plan.maximumPacketSize,
    sessionLost: plan.sessionLost,
    reconnect: { minDelayMs: plan.reconnectMs, maxDelayMs: 4000, retryInitial: true, retry: ({ delayMs }) => delayMs },
    offlineQueue: { maxMessages: plan.queueMessages, overflow: plan.queueOverflow },
    ...(store === undefined ? {} : { session: store }),
    ...(isVersion5
      ? {
          sessionExpiryInterval: plan.sessionExpiryInterval,
          receiveMaximum: isEven ? plan.receiveMaximum : plan.receiveMaximumLater,
          topicAliasMaximum: plan.topicAliasMaximum,
          topicAliases: plan.topicAliases,
        }
      : { republishInterval: plan.republishInterval }),
    ...(plan.hasWill
      ? {
          will: {
            topic: `w/${plan.name}`,
            payload: payloadOf(`will-${plan.name}`, 0),
            qos: 1,
            ...(isVersion5 ? { delayInterval: plan.willDelay } : {}),
          },
        }
      : {}),
  };
}
