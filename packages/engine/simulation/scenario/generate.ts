import { Chance } from "../chance.ts";
import { generateClient, generateConsumer } from "./generate-client.ts";
import { messagesPerSeed } from "./limits.ts";
import type { BrokerPlan, ClientPlan, Fault, MessagePlan, Plan, Step, SubscriptionPlan } from "./plan.ts";

/** In ms. */
const durationMs = 30_000;

/** The plan of a seed. */
export function generate(seed: number): Plan {
  const chance = new Chance(seed);
  const broker = generateBroker(chance);
  const count = chance.pick([2, 2, 3, 4]);
  const clients = Array.from({ length: count }, (_, index) => generateClient(chance, `c${index}`, broker));
  const names = clients.map(({ name }) => name);
  const steps: Step[] = [...names.flatMap((client) => generateSubscriptions(chance, client))];
  const messages = generateMessages(chance, names);
  steps.push(...messages, ...generateFaults(chance, clients, messages), ...generateComings(chance, names, messages));
  steps.sort((one, other) => one.at - other.at);
  const network = {
    latency: chance.pick([
      [0, 0],
      [0, 3],
      [1, 20],
      [5, 60],
    ] as const),
    chunking: chance.pick(["whole", "anywhere", "anywhere", "bytes"] as const),
    slowWrites: chance.pick([0, 0, 20, 60]),
  };
  return { seed, broker, network, clients, steps };
}

function generateBroker(chance: Chance): BrokerPlan {
  const receiveMaximum = chance.pick([1, 2, 3, 5, 10, 65_535]);
  return {
    receiveMaximum,
    receiveMaximumLater: chance.percent(30) ? receiveMaximum : chance.pick([1, 1, 2, 5, 20]),
    maximumPacketSize: chance.pick([Infinity, Infinity, 200, 1000]),
    topicAliasMaximum: chance.pick([0, 1, 2, 5]),
    maximumQoS: chance.percent(92) ? 2 : chance.pick([0, 1]),
    retainAvailable: chance.percent(90),
    subscriptionIdentifierAvailable: chance.percent(80),
    serverKeepAlive: chance.percent(20) ? chance.between(2, 20) : undefined,
    maximumSessionExpiry: chance.percent(15) ? chance.between(1, 20) : Infinity,
    window: chance.pick([1, 3, 20]),
    lastIdentifier: chance.pick([24, 40, 65_535]),
    usesAliases: chance.percent(70),
    overlapping: chance.pick(["once", "each"]),
    deliversAt: chance.pick(["publish", "release"]),
    keepsQoS0: chance.percent(30),
    tellsNoSubscribers: chance.percent(50),
    thinkingMs: chance.pick([0, 0, 5, 50, 200]),
    refusals: chance.pick([0, 0, 3, 10]),
  };
}

function generateSubscriptions(chance: Chance, client: string): Step[] {
  const filters = ["t/#", "t/+", "t/0", "t/1", "r/#", "w/#", "$share/s/t/+", "forbidden/a"];
  const times = chance.between(1, 3);
  const steps: Step[] = [];
  for (let time = 0; time < times; time += 1) {
    const filter = time === 0 ? "t/#" : chance.pick(filters);
    const at = chance.percent(60) ? chance.below(20) : chance.below(durationMs);
    const subscription: SubscriptionPlan = {
      filter,
      qos: chance.pick([2, 2, 2, 1, 0]),
      noLocal: chance.percent(15),
      retainAsPublished: chance.percent(40),
      retainHandling: chance.pick([0, 0, 1, 2]),
      consumer: generateConsumer(chance),
    };
    steps.push({ at, kind: "subscribe", client, subscription });
    const later = at + chance.between(1000, durationMs);
    if (chance.percent(12)) steps.push({ at: later, kind: "unsubscribe", client, filter });
    else if (chance.percent(10)) steps.push({ at: later, kind: "leave", client });
  }
  return steps;
}

/** In bursts: some at once, as a program does that has much to say. */
function generateMessages(chance: Chance, clients: readonly string[]): Step[] {
  const steps: Step[] = [];
  const weights = chance.pick([
    [0, 1, 2],
    [1, 2],
    [2, 2, 1],
    [0, 1, 1, 2, 2],
  ] as const);
  while (steps.length < messagesPerSeed) {
    const at = chance.below(durationMs);
    const client = chance.pick(clients);
    const burst = Math.min(chance.pick([1, 1, 2, 5, 20]), messagesPerSeed - steps.length);
    for (let index = 0; index < burst; index += 1) {
      steps.push({ at, kind: "publish", client, message: generateMessage(chance, weights) });
    }
  }
  return steps;
}

function generateMessage(chance: Chance, weights: readonly (0 | 1 | 2)[]): MessagePlan {
  const retain = chance.percent(8);
  return {
    topic: retain ? `r/${chance.below(3)}` : `t/${chance.below(4)}`,
    qos: chance.pick(weights),
    retain,
    size: chance.percent(4) ? chance.between(150, 1500) : chance.below(24),
    expiry: chance.percent(6) ? chance.between(1, 20) : undefined,
    alias: chance.percent(5) ? chance.between(1, 3) : undefined,
    timeoutMs: chance.percent(5) ? chance.between(1, 3000) : undefined,
    abortMs: chance.percent(5) ? chance.between(0, 500) : undefined,
    untilStored: chance.percent(10),
  };
}

function generateFaults(chance: Chance, clients: readonly ClientPlan[], messages: readonly Step[]): Fault[] {
  const count = chance.between(3, 12);
  return Array.from({ length: count }, () => generateFault(chance, clients, messages));
}

/** Most of the time when there is much to be spoiled: shortly after a message. */
function worstTime(chance: Chance, messages: readonly Step[]): number {
  if (chance.percent(30)) return chance.below(durationMs);
  return chance.pick(messages).at + chance.below(chance.pick([10, 100, 500]));
}

function generateFault(chance: Chance, clients: readonly ClientPlan[], messages: readonly Step[]): Fault {
  const base = { at: worstTime(chance, messages), isFault: true, client: chance.pick(clients).name } as const;
  const direction = chance.pick(["up", "down"] as const);
  const forMs = chance.between(1, 8000);
  const kind = chance.below(100);
  if (kind < 18) return { ...base, kind: "cut" };
  if (kind < 43) return { ...base, kind: "cut-after", direction, bytes: chance.between(1, 400) };
  if (kind < 50) return { ...base, kind: "silence", direction: chance.pick([direction, "both"] as const) };
  if (kind < 57) return { ...base, kind: "stall", forMs };
  if (kind < 63) return { ...base, kind: "unreachable", forMs, hangs: chance.percent(40) };
  if (kind < 67) return { ...base, kind: "refuse", reasonCode: 0x88, times: chance.between(1, 3) };
  if (kind < 72) return { ...base, kind: "cut-connack", bytes: chance.between(1, 3) };
  if (kind < 80) return { ...base, kind: "crash", forMs: chance.between(1, 2000) };
  if (kind < 95) return generateAmbush(chance, clients, base);
  return { at: base.at, isFault: true, kind: "restart", keepsSessions: chance.percent(60) };
}

/** Lies in wait for one whose process has something to lose, where there is one. */
function generateAmbush(chance: Chance, clients: readonly ClientPlan[], { at }: { readonly at: number }): Fault {
  const kept = clients.filter(({ store }) => store !== "none");
  const shrinking = kept.filter(({ version, receiveMaximum, receiveMaximumLater }) => {
    return version === 5 && receiveMaximum > receiveMaximumLater;
  });
  const { name: client } = chance.pick([shrinking, kept, clients].find(({ length }) => length > 0) ?? clients);
  const when = chance.pick(["receiving", "receiving", "receiving", "storing", "stored", "sending", "sending"] as const);
  return { at, isFault: true, client, kind: "ambush", when, forMs: chance.between(1000, 8000) };
}

/** Clients that go and come in good order, or just go. */
function generateComings(chance: Chance, clients: readonly string[], messages: readonly Step[]): Step[] {
  const steps: Step[] = [];
  for (const client of clients) {
    steps.push({ at: chance.below(10), kind: "connect", client });
    if (chance.percent(60)) continue;
    const at = worstTime(chance, messages);
    steps.push(
      chance.percent(70)
        ? { at, kind: "disconnect", client, timeoutMs: chance.pick([1, 50, 1000, 10_000]) }
        : { at, kind: "close", client },
      { at: at + (chance.percent(30) ? 0 : chance.below(5000)), kind: "connect", client },
    );
    // While there is no connection, so that attempts follow each other closely.
    if (chance.percent(60)) continue;
    const unreachable = {
      isFault: true,
      kind: "unreachable",
      client,
      forMs: chance.between(1, 3000),
      hangs: false,
    } as const;
    steps.push(
      { at: Math.max(at - 1000, 0), ...unreachable },
      { at, kind: "close", client },
      { at, kind: "connect", client },
    );
  }
  return steps;
}
