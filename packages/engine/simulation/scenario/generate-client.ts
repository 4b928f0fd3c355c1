import type { Chance } from "../chance.ts";
import type { BrokerPlan, ClientPlan, ConsumerPlan } from "./plan.ts";

/** A client of this broker: what only an impossible client would do is left out. */
export function generateClient(chance: Chance, name: string, { maximumQoS }: BrokerPlan): ClientPlan {
  const version = chance.pick([5, 5, 4] as const);
  // Where there is a store, the Session outlives the process; it is asked for from the first CONNECT on.
  const store = chance.pick(["none", "none", "fast", "slow", "slow"] as const);
  const cleanStart = store === "none" && chance.percent(60);
  return {
    name,
    version,
    cleanStart,
    sessionExpiryInterval: chance.pick([0, 5, 300, 300, 300, 0xffff_ffff]),
    keepAlive: chance.pick([0, 3, 10, 60]),
    receiveMaximum: chance.pick([1, 2, 3, 8, 8, 1000]),
    receiveMaximumLater: chance.pick([1, 1, 1, 2, 1000]),
    maximumPacketSize: version === 5 && chance.percent(15) ? chance.pick([128, 1000]) : undefined,
    topicAliasMaximum: chance.pick([0, 1, 3, 10]),
    topicAliases: chance.pick(["off", "auto"]),
    maxInflight: chance.percent(30) ? chance.between(1, 5) : undefined,
    queueMessages: chance.percent(20) ? chance.between(1, 30) : undefined,
    queueOverflow: chance.pick(["reject", "drop-oldest", "drop-newest"]),
    sessionLost: chance.pick(["republish-qos1", "republish-qos1", "republish", "fail"]),
    republishInterval: version === 4 && chance.percent(30) ? chance.between(1, 3) : undefined,
    store,
    reconnectMs: chance.pick([1, 100, 1000]),
    hasWill: maximumQoS > 0 && chance.percent(40),
    willDelay: chance.pick([0, 0, 2]),
  };
}

export function generateConsumer(chance: Chance): ConsumerPlan {
  const kind = chance.pick(["handler", "handler", "iterator", "reader"] as const);
  return {
    kind,
    ack: chance.pick(["processed", "processed", "on-receipt", "manual"]),
    slownessMs: chance.pick([0, 0, 3, 30, 300, 800]),
    failures: kind === "handler" ? chance.pick([0, 0, 5, 20]) : 0,
    onHandlerError: chance.pick(["acknowledge", "reject", "redeliver"]),
    highWaterMark: chance.pick([1, 2, 8, 256]),
    overflow: chance.pick(["pause", "pause", "drop-oldest", "drop-newest"]),
    isForgetful: chance.percent(50),
  };
}
