import { MemorySessionStore } from "@rivulet/engine";
import { Broker } from "../broker/broker.ts";
import type { BrokerObserver } from "../broker/observer.ts";
import { generous, type BrokerSettings } from "../broker/settings.ts";
import { Chance } from "../chance.ts";
import { nameOf } from "../checks/payload.ts";
import { ReceivedLedger } from "../checks/received-ledger.ts";
import { SentLedger } from "../checks/sent-ledger.ts";
import { Verdict } from "../checks/verdict.ts";
import { Clock } from "../clock.ts";
import type { Fault, Plan, Step } from "../scenario/plan.ts";
import type { Link } from "../network/link.ts";
import { Actor } from "./actor.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import type { Transcript } from "./transcript.ts";

/** How long everybody has to come to rest when nothing goes wrong any more, in ms. */
const restMs = 900_000;

/** No plan takes a tenth of it. */
const mostEvents = 300_000;

/** One plan, carried out. */
export class World {
  readonly verdict: Verdict;
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #start: number;
  readonly #sent: SentLedger;
  readonly #received: ReceivedLedger;
  readonly #broker: Broker;
  readonly #actors = new Map<string, Actor>();
  readonly #transcript: Transcript | undefined;
  readonly #isAliveOf = (message: string): boolean => {
    return [...this.#actors.values()].some((actor) => actor.isAlive(message) === true);
  };
  #restarts = 0;
  /** Nothing goes wrong any more. */
  #isAtPeace = false;
  /** Connections that are still to be refused, by client. */
  readonly #refusals = new Map<string, { reasonCode: number; times: number }>();

  constructor(plan: Plan, transcript?: Transcript) {
    this.#plan = plan;
    this.#transcript = transcript;
    this.#chance = new Chance(plan.seed ^ 0x5eed);
    this.#clock = new Clock(this.#chance.fork());
    const now = (): number => this.#clock.now();
    this.#start = now();
    this.verdict = new Verdict(() => now() - this.#start);
    this.#sent = new SentLedger(this.verdict, plan.broker, now);
    this.#received = new ReceivedLedger(this.verdict);
    this.#broker = new Broker(this.#settings(), this.#observer(), {
      now,
      after: (delayMs, callback) => {
        const due = this.#clock.after(delayMs, callback);
        return () => {
          due.callback = undefined;
        };
      },
    });
    const disk = new MemorySessionStore();
    for (const client of plan.clients) {
      const chance = this.#chance.fork();
      const { clock, verdict } = { clock: this.#clock, verdict: this.verdict };
      const network = new SimulatedNetwork({ clock, chance, profile: plan.network, broker: this.#broker, verdict });
      const say = (text: string): void => this.#say(client.name, text);
      const parts = { clock, chance, verdict, sent: this.#sent, received: this.#received, network, disk, say };
      this.#actors.set(client.name, new Actor(client, parts));
    }
  }

  /** Carries the plan out, lets everything come to rest, and looks at what is left. */
  async run(): Promise<Verdict> {
    const { verdict } = this;
    const isEnough = (): boolean => {
      if (this.#clock.steps > mostEvents)
        verdict.fail("everything comes to rest", `after ${mostEvents} events it has not`);
      return verdict.failures.length > 0;
    };
    const rejected = (error: unknown): void => verdict.fail("no rejection is unhandled", String(error));
    process.on("unhandledRejection", rejected);
    process.on("uncaughtException", rejected);
    try {
      for (const step of this.#plan.steps) {
        await this.#clock.runUntil(this.#start + step.at, isEnough);
        if (isEnough()) return verdict;
        this.#do(step);
      }
      await this.#comeToRest(isEnough);
      if (!isEnough()) await this.#leave(isEnough);
    } catch (error) {
      verdict.fail("nothing throws", error instanceof Error ? String(error.stack) : String(error));
    } finally {
      process.off("unhandledRejection", rejected);
      process.off("uncaughtException", rejected);
      for (const actor of this.#actors.values()) actor.process.kill();
    }
    return verdict;
  }

  #do(step: Step): void {
    if (step.kind === "restart") {
      this.#restart(step);
      return;
    }
    const actor = this.#actors.get(step.client);
    if (actor === undefined) return; // It was left out while a failure is shrunk.
    if ("isFault" in step) this.#spoil(step, actor);
    else this.#act(step, actor);
  }

  #restart({ keepsSessions }: { readonly keepsSessions: boolean }): void {
    this.#say("broker", keepsSessions ? "restarts" : "restarts and has forgotten everything");
    this.#restarts += 1;
    this.verdict.count(
      keepsSessions ? "the broker restarts with its Sessions" : "the broker restarts without its Sessions",
    );
    this.#broker.restart({ keepsSessions });
  }

  #act(step: Exclude<Step, { readonly isFault: true }>, actor: Actor): void {
    switch (step.kind) {
      case "publish":
        actor.publish(step.message);
        break;
      case "subscribe":
        actor.subscribe(step.subscription);
        break;
      case "unsubscribe":
        actor.unsubscribe(step.filter);
        break;
      case "leave":
        actor.leave();
        break;
      case "connect":
        actor.connect();
        break;
      case "disconnect":
        actor.disconnect(step.timeoutMs);
        break;
      case "close":
        actor.close();
        break;
    }
  }

  #spoil(step: Extract<Step, { readonly isFault: true; readonly client: string }>, actor: Actor): void {
    const { link } = actor.network;
    this.#say(actor.plan.name, `fault: ${step.kind}`);
    switch (step.kind) {
      case "cut":
        link?.cut();
        break;
      case "cut-after":
        link?.cutAfter(step.direction, step.bytes);
        break;
      case "ambush":
        this.#lieInWait(step, actor, this.#clock.now() + step.forMs);
        break;
      case "cut-connack":
        actor.network.breakNextAfter(step.bytes);
        link?.cut();
        break;
      case "silence":
        link?.fallSilent(step.direction);
        if (link !== undefined && step.direction !== "up") this.#watchHalfOpen(link, actor);
        break;
      case "stall":
        link?.stall();
        this.#clock.after(step.forMs, () => link?.resume());
        break;
      case "unreachable":
        actor.network.block(step.forMs, step.hangs);
        link?.cut();
        break;
      case "refuse":
        this.#refusals.set(step.client, { ...step });
        link?.cut();
        break;
      case "crash":
        actor.crash(step.forMs);
        break;
    }
  }

  #lieInWait(fault: Extract<Fault, { readonly kind: "ambush" }>, actor: Actor, until: number): void {
    if (this.#isAtPeace || this.#clock.now() > until) return;
    if (!actor.isCaught(fault.when, this.#plan.broker.receiveMaximumLater)) {
      this.#clock.after(2, () => this.#lieInWait(fault, actor, until));
    } else if (fault.when === "sending") {
      this.#restart({ keepsSessions: true });
    } else {
      actor.crash(fault.forMs / 10);
    }
  }

  /** A link from which nothing comes any more has to be found out within 1.5 times the keep-alive. */
  #watchHalfOpen(link: Link, { client, plan }: Actor): void {
    const { keepAlive = 0 } = client.server ?? {};
    if (keepAlive === 0 || client.state !== "connected") return;
    const look = (): void => {
      const due = link.lastRead + keepAlive * 1500;
      if (link.isReleased) {
        this.verdict.count("a half-open connection is found out");
      } else if (client.state !== "connected") {
        return; // Whoever says goodbye has another patience.
      } else if (this.#clock.now() > due) {
        const what = `${plan.name} still has a connection on which nothing came since ${link.lastRead - this.#start}`;
        this.verdict.fail("MQTT-3.1.2-24: half-open connections are found", what);
      } else {
        this.#clock.after(due - this.#clock.now() + 1, look);
      }
    };
    look();
  }

  /** Nothing goes wrong any more: everything that was begun has to come to its end. */
  async #comeToRest(isEnough: () => boolean): Promise<void> {
    this.#say("world", "nothing goes wrong any more");
    this.#isAtPeace = true;
    this.#refusals.clear();
    for (const actor of this.#actors.values()) {
      actor.network.heal((actor.client.server?.keepAlive ?? actor.plan.keepAlive) > 0);
      actor.comeBack();
    }
    const end = this.#clock.now() + restMs;
    while (this.#clock.now() < end && !this.#isAtRest()) {
      await this.#clock.runUntil(this.#clock.now() + 500, isEnough);
      if (isEnough()) return;
      for (const actor of this.#actors.values()) actor.comeBack();
    }
    this.#say("world", "everything is at rest, or should be");
    const { verdict } = this;
    for (const { pending, plan } of this.#actors.values()) {
      for (const { what } of pending) verdict.fail("every promise settles", `${plan.name}: ${what} is pending`);
    }
    this.#sent.finish(this.#isAliveOf);
    for (const { clientIdentifier, outgoing, isConnected } of this.#broker.sessions) {
      if (!isConnected) verdict.fail("everybody comes back", `${clientIdentifier} is not connected`);
      if (outgoing.size === 0) continue;
      const names = outgoing.copies.map(({ message, stage }) => `${nameOf(message.payload)} (${stage})`);
      verdict.fail("everything is delivered", `${clientIdentifier} has not acknowledged ${names.join(", ")}`);
    }
    for (const what of this.#missing()) verdict.fail("nothing is lost", what);
    for (const what of this.#sent.undelivered()) verdict.fail("what is stored is delivered", what);
    for (const what of this.#residue()) verdict.fail("nothing is left over", what);
  }

  /** Exchanges that are not over, although nothing stands in their way. */
  #residue(): string[] {
    const left: string[] = [];
    for (const { plan, client, granted } of this.#actors.values()) {
      const { outgoing } = client.inflight;
      // What another Session had begun, as far as the client can know, is never ended.
      const incoming = this.#sent.isDeceived(plan.name) ? [] : client.inflight.incoming;
      const session = this.#broker.sessions.find(({ clientIdentifier }) => clientIdentifier === plan.name);
      const lost = granted.filter((filter) => session?.subscriptions.has(filter) !== true);
      if (lost.length > 0 && !this.#sent.isDeceived(plan.name))
        left.push(`${plan.name} is not subscribed to ${lost.join(", ")}`);
      if (incoming.length + outgoing.length + client.bufferedBytes > 0)
        left.push(`${plan.name} has ${JSON.stringify({ incoming, outgoing })} and ${client.bufferedBytes} bytes`);
    }
    for (const { clientIdentifier, incoming } of this.#broker.sessions) {
      if (incoming.size > 0 && !this.#sent.isDeceived(clientIdentifier))
        left.push(`${clientIdentifier} has left the broker ${incoming.size} exchanges`);
    }
    return left;
  }

  /** Messages that were acknowledged and not handed over, although somebody wanted them. */
  #missing(): string[] {
    return this.#received.missing((client, copies) => {
      const actor = this.#actors.get(client);
      // What comes under an identifier that was in use in the Session before is a duplicate, as far as a client can know.
      if (actor === undefined || this.#sent.isDeceived(client)) return true;
      if (copies.some(({ filters }) => filters.some((filter) => actor.left.has(filter)))) return true;
      // What is acknowledged on receipt at QoS 1, or without a store, is nowhere when those are gone who were to get it.
      const isKept = actor.plan.store !== "none" && copies.some(({ qos }) => qos === 2);
      return actor.hasForgotten && actor.acknowledgesOnReceipt && !isKept;
    });
  }

  /** Everybody leaves in good order, and nothing may be left behind. */
  async #leave(isEnough: () => boolean): Promise<void> {
    const actors = [...this.#actors.values()];
    for (const { dropped } of actors)
      for (let count = 0; count < dropped; count += 1) this.verdict.count("a subscription has dropped QoS 0 messages");
    for (const actor of actors) actor.disconnect(5000);
    await this.#clock.runUntil(this.#clock.now() + 30_000, isEnough);
    if (isEnough()) return;
    for (const {
      plan,
      client,
      process: { pendingTimers },
      network,
      pending,
    } of actors) {
      const rest = {
        state: client.state,
        pendingTimers,
        openLinks: network.openLinks,
        bufferedBytes: client.bufferedBytes,
        pending: pending.size,
      };
      const isClean =
        rest.state === "closed" && pendingTimers + rest.openLinks + rest.bufferedBytes + rest.pending === 0;
      if (!isClean) this.verdict.fail("nothing is left behind", `${plan.name}: ${JSON.stringify(rest)}`);
    }
  }

  #isAtRest(): boolean {
    const actors = [...this.#actors.values()];
    if (
      actors.some(
        ({ pending, client, process }) => !process.isAlive || pending.size > 0 || client.state !== "connected",
      )
    )
      return false;
    if (!this.#sent.isSettled(this.#isAliveOf) || this.#missing().length > 0) return false;
    if (this.#residue().length > 0) return false;
    return this.#broker.sessions.every(({ outgoing, isConnected }) => outgoing.size === 0 && isConnected);
  }

  #settings(): BrokerSettings {
    const chance = this.#chance.fork();
    const { thinkingMs, refusals, receiveMaximum, receiveMaximumLater, ...rest } = this.#plan.broker;
    const isFirst = (): boolean => this.#restarts === 0;
    return {
      ...generous,
      ...rest,
      get receiveMaximum() {
        return isFirst() ? receiveMaximum : receiveMaximumLater;
      },
      thinkingMs: () => (thinkingMs === 0 ? 0 : chance.below(thinkingMs + 1)),
      // Always the same ones, however often they come.
      refuses: ({ payload }) => (refusals > 0 && hashOf(payload) % 100 < refusals ? 0x97 : undefined),
      refusesConnection: (client) => {
        const refusal = this.#refusals.get(client);
        if (refusal === undefined || refusal.times === 0) return undefined;
        refusal.times -= 1;
        const isVersion5 = this.#actors.get(client)?.plan.version === 5;
        return isVersion5 ? refusal.reasonCode : 3;
      },
    };
  }

  #observer(): BrokerObserver {
    const { verdict } = this;
    const sent = this.#sent;
    const received = this.#received;
    return {
      violation: (client, clause, what) => verdict.fail(clause, `${client}: ${what}`),
      connected: (client, session) => {
        sent.connected(client, session);
        this.#actors.get(client)?.accepted(session === "new");
      },
      sessionOver: () => undefined,
      received: (client, packet) => sent.received(client, packet),
      accepted: (_client, packet) => sent.accepted(packet),
      refused: (_client, packet, reasonCode) => sent.refused(packet, reasonCode),
      routed: (client, copy) => received.routed(client, copy),
      dropped: () => undefined,
      completed: (client, copy) => received.completed(client, copy),
      will: () => undefined,
      situation: (name) => verdict.count(name),
      ...(this.#transcript === undefined
        ? {}
        : { packet: (client, way, packet) => this.#transcript?.packet(this.verdict.elapsed, client, way, packet) }),
    };
  }

  #say(who: string, what: string): void {
    this.#transcript?.note(this.verdict.elapsed, who, what);
  }
}

function hashOf(bytes: Uint8Array): number {
  let hash = 7;
  for (const byte of bytes) hash = (hash * 31 + byte) % 1_000_003;
  return hash;
}
