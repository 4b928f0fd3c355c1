import { topicMatches } from "@rivulet/codec";
import {
  ClosedError,
  type IncomingRecord,
  type InflightMessage,
  type MemorySessionStore,
  type Message,
  type OutgoingRecord,
  type PublishOptions,
  type Subscription,
} from "@rivulet/engine";
import type { Chance } from "../chance.ts";
import { nameOf } from "../checks/payload.ts";
import type { ConsumerIdentity, ReceivedLedger } from "../checks/received-ledger.ts";
import type { SentLedger } from "../checks/sent-ledger.ts";
import type { Verdict } from "../checks/verdict.ts";
import type { Clock } from "../clock.ts";
import type { Ambush, ClientPlan, MessagePlan, SubscriptionPlan } from "../scenario/plan.ts";
import { sentAnswers } from "../network/sent-answers.ts";
import { Consumer } from "./consumer.ts";
import { Process } from "./process.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import { SlowStore } from "./slow-store.ts";

/** What an actor needs of the world around it. */
export interface ActorParts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly verdict: Verdict;
  readonly sent: SentLedger;
  readonly received: ReceivedLedger;
  readonly network: SimulatedNetwork;
  /** Where Sessions are kept that outlive a process. */
  readonly disk: MemorySessionStore;
  /** Says what happens, to whoever reads the transcript. */
  readonly say: (text: string) => void;
}

/** Something that a client has promised. */
interface Pending {
  readonly what: string;
  readonly process: Process;
}

// Theory of operation
//
// An actor plays the application of one client, through all processes that it has: it does what its plan's steps say,
// looks after every promise, and starts anew what a process before it had.

/** The application of one client. */
export class Actor {
  readonly plan: ClientPlan;
  process: Process;
  readonly pending: Set<Pending> = new Set();
  readonly network: SimulatedNetwork;
  /** Filters that a consumer has left, or that were unsubscribed: nobody owes their messages to anybody. */
  readonly left: Set<string> = new Set();
  crashes = 0;
  readonly #parts: ActorParts;
  /** Each with a name of its own: a filter may be subscribed to twice. */
  #wanted: (SubscriptionPlan & { readonly row: string })[] = [];
  #rows = 0;
  #consumers = new Map<Subscription, Consumer>();
  /** The processes of messages, by name. */
  readonly #publishers = new Map<string, Process>();
  /** How often the client was closed. */
  #closings = 0;
  /** Packet Identifiers for which PUBREC has left, and PUBCOMP has not. */
  readonly #pubrecs = new Set<number>();
  /** How often it was connected. */
  #connections = 0;
  #isConnackDue = false;
  #isMeantToBeConnected = false;
  #isClosed = false;

  constructor(plan: ClientPlan, parts: ActorParts) {
    this.plan = plan;
    this.network = parts.network;
    this.#parts = parts;
    this.process = this.#newProcess();
    if (plan.store !== "none") this.network.onWrite = (chunk) => this.#noteAnswers(chunk);
  }

  get client(): Process["client"] {
    return this.process.client;
  }

  /** Whether the process that published a message is alive. */
  isAlive(message: string): boolean | undefined {
    return this.#publishers.get(message)?.isAlive;
  }

  /** Whether there were consumers that are gone. */
  get hasForgotten(): boolean {
    return this.crashes + this.#closings > 0;
  }

  /** Whether somebody's consumer acknowledges on receipt. */
  get acknowledgesOnReceipt(): boolean {
    return this.#wanted.some(({ consumer }) => consumer.ack === "on-receipt");
  }

  connect(): void {
    this.#isMeantToBeConnected = true;
    if (!this.process.isAlive) return;
    const isAnew = this.client.state === "closed";
    this.#isClosed = false;
    if (isAnew) this.#consumers.clear();
    const promise = this.client.connect();
    this.#watch("connect", promise);
    if (isAnew) for (const subscription of this.#wanted) this.#subscribe(subscription);
  }

  /** Comes back, however it has gone. */
  comeBack(): void {
    if (!this.process.isAlive) this.#revive();
    if (this.client.state === "idle" || this.client.state === "closed") this.connect();
  }

  publish(message: MessagePlan): void {
    const { process } = this;
    if (!process.isAlive) return;
    const { sent, say } = this.#parts;
    const { name, payload } = sent.publish(this.plan, message);
    const { topic, qos, retain } = message;
    const { state } = this.client;
    const closings = state === "closed" || state === "disconnecting" ? -1 : this.#closings;
    const connections = state === "connected" ? -1 : this.#connections;
    const isUntilStored = message.untilStored && qos > 0 && this.plan.store !== "none";
    this.#publishers.set(name, process);
    say(`publishes ${name} to ${topic} at QoS ${qos}${retain ? ", retained" : ""}`);
    const promise = this.client.publish(topic, payload, {
      ...this.#publishOptions(message),
      ...(isUntilStored ? { until: "stored" } : {}),
    });
    promise.then(
      () => {
        if (!process.isAlive) return;
        say(`is told that ${name} is ${isUntilStored ? "stored" : "published"}`);
        if (isUntilStored) sent.stored(name);
        else sent.resolved(name);
      },
      (error: unknown) => {
        if (!process.isAlive) return;
        say(`is told that ${name} failed: ${String(error)}`);
        sent.rejected(name, error, this.#closings > closings || this.client.state === "closed");
        // When the client is closed, the store keeps what it has.
        const isKept = this.plan.store !== "none" && error instanceof ClosedError;
        if (connections === this.#connections && !isKept) sent.withdrawn(name);
      },
    );
  }

  #publishOptions({ qos, retain, expiry, alias, timeoutMs, abortMs }: MessagePlan): PublishOptions {
    const isVersion5 = this.plan.version === 5;
    const controller = new AbortController();
    if (abortMs !== undefined) void this.process.pause(abortMs).then(() => controller.abort());
    return {
      ...{ qos, retain },
      ...(abortMs === undefined ? {} : { signal: controller.signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(isVersion5 && expiry !== undefined ? { messageExpiryInterval: expiry } : {}),
      ...(isVersion5 && alias !== undefined ? { topicAlias: alias } : {}),
    };
  }

  /** The broker has sent CONNACK. */
  accepted(isNewSession: boolean): void {
    if (isNewSession) this.#pubrecs.clear();
    if (this.#isConnackDue) this.#parts.verdict.count("CONNACK was lost");
    this.#isConnackDue = true;
  }

  subscribe(subscription: SubscriptionPlan): void {
    this.#rows += 1;
    const wanted = { ...subscription, row: `${subscription.filter} ${this.#rows}` };
    this.#wanted.push(wanted);
    if (this.process.isAlive) this.#subscribe(wanted);
  }

  unsubscribe(filter: string): void {
    this.left.add(filter);
    this.#wanted = this.#wanted.filter((wanted) => wanted.filter !== filter);
    if (!this.process.isAlive) return;
    this.#watch(`unsubscribe ${filter}`, this.client.unsubscribe(filter));
  }

  /** A consumer leaves. */
  leave(): void {
    const consumer = [...this.#consumers.values()].find(({ hasLeft }) => !hasLeft);
    if (consumer === undefined || !this.process.isAlive) return;
    this.#parts.verdict.count("a consumer leaves");
    for (const { filter } of this.#wanted) this.left.add(filter);
    this.#watch("leave", consumer.leave());
  }

  disconnect(timeoutMs: number): void {
    if (!this.process.isAlive) return;
    this.#isMeantToBeConnected = false;
    this.#closings += 1;
    if (this.client.state === "connected" && this.client.inflight.outgoing.length > 0)
      this.#parts.verdict.count("disconnect waits for messages under way");
    this.#watch("disconnect", this.client.disconnect({ timeoutMs }));
    this.#noteClosed();
  }

  close(): void {
    if (!this.process.isAlive) return;
    this.#isMeantToBeConnected = false;
    this.#closings += 1;
    this.client.close();
    this.#noteClosed();
    this.#checkClosed();
  }

  /** The process ends, and another one starts later. */
  crash(forMs: number): void {
    // Without a store the next process knows nothing of what the server still holds it to: an application that cares
    // starts clean, and one whose plan says otherwise does not crash.
    if (!this.process.isAlive || (this.plan.store === "none" && !this.plan.cleanStart)) return;
    this.#parts.say("crashes");
    this.crashes += 1;
    this.process.kill();
    void this.#noteStored();
    for (const pending of this.pending) if (pending.process === this.process) this.pending.delete(pending);
    this.#parts.clock.after(forMs, () => {
      if (!this.process.isAlive) this.#revive();
    });
  }

  /** Whether it is in the state that an ambush waits for. */
  isCaught(when: Ambush, receiveMaximum: number): boolean {
    if (!this.process.isAlive || this.client.state !== "connected") return false;
    const { incoming, outgoing } = this.client.inflight;
    const { store } = this.process;
    if (when === "storing" || when === "stored") return store instanceof SlowStore && store.stage === when;
    if (when === "sending") return outgoing.filter(isUnanswered).length > receiveMaximum;
    const inHand = incoming.filter(({ stage }) => stage.startsWith("sending"));
    return inHand.some(({ qos }) => qos === 2) && inHand.length > Math.min(this.plan.receiveMaximumLater, 2);
  }

  /** How many subscriptions have dropped messages, apart from those that were left. */
  get dropped(): number {
    return [...this.#consumers].filter(([{ dropped }, { hasLeft }]) => dropped > 0 && !hasLeft).length;
  }

  /** Filters that the server has granted, and that were neither left nor lost. */
  get granted(): string[] {
    return [...this.#consumers]
      .filter(([, { hasLeft }]) => !hasLeft)
      .flatMap(([subscription]) => subscription.filters)
      .filter((filter) => !this.left.has(filter));
  }

  /** Tells the ledger, once, that the client is closed. */
  #noteClosed(): void {
    if (this.#isClosed || this.client.state !== "closed") return;
    this.#isClosed = true;
    for (const consumer of this.#consumers.values()) consumer.closed();
    this.#parts.received.closed(this.plan.name, this.plan.store !== "none", (topic) => {
      return this.#wanted.filter(({ filter }) => topicMatches(filter, topic)).length;
    });
  }

  /** Tells the ledgers what the store has, now that a process has ended. */
  async #noteStored(): Promise<void> {
    const { disk, received, sent } = this.#parts;
    const { name } = this.plan;
    const records = await disk.load(`rivulet/${name}`);
    const outgoing = records.filter((record): record is OutgoingRecord => record.key.startsWith("out/"));
    const incoming = records.filter((record): record is IncomingRecord => record.key.startsWith("in/"));
    const names = outgoing.map(({ packet }) => nameOf(packet.payload));
    sent.crashed(name, names);
    received.crashed(name, incoming, this.#pubrecs);
  }

  #noteAnswers(chunk: Uint8Array): void {
    for (const { type, packetIdentifier } of sentAnswers(chunk)) {
      if (type === "pubrec") this.#pubrecs.add(packetIdentifier);
      else this.#pubrecs.delete(packetIdentifier);
    }
  }

  /** A closed client has no timer and no connection left. */
  #checkClosed(): void {
    const { process } = this;
    const { clock, verdict } = this.#parts;
    clock.after(1, () => {
      if (!process.isAlive || process.client.state !== "closed") return;
      const rest = { pendingTimers: process.pendingTimers, openLinks: this.network.openLinks };
      if (rest.pendingTimers + rest.openLinks > 0)
        verdict.fail("nothing is left behind", `${this.plan.name}, closed: ${JSON.stringify(rest)}`);
    });
  }

  #revive(): void {
    this.#parts.say("starts again");
    this.process = this.#newProcess();
    if (this.#isMeantToBeConnected) this.connect();
    const { process } = this;
    const wanted = [...this.#wanted];
    const closings = this.#closings;
    const subscribe = (): void => {
      if (this.#closings > closings) return; // Everything was subscribed to when it was connected anew.
      for (const each of wanted) if (this.#wanted.includes(each)) this.#subscribe(each);
    };
    if (process.isListening) subscribe();
    else void process.pause(this.#parts.chance.below(500)).then(subscribe);
  }

  #subscribe({ row, filter, qos, consumer: plan, ...flags }: SubscriptionPlan & { readonly row: string }): void {
    const { noLocal, retainAsPublished, retainHandling } = flags;
    const { chance, received, verdict, say } = this.#parts;
    const { process } = this;
    const isVersion5 = this.plan.version === 5;
    const onHandlerError = !isVersion5 && plan.onHandlerError === "reject" ? "acknowledge" : plan.onHandlerError;
    const consumer = new Consumer(this.plan.name, row, {
      ...{ plan, process, chance, received, verdict, say },
      hasStore: this.plan.store !== "none",
    });
    const { ack, highWaterMark, overflow } = plan;
    const options = {
      ...{ qos, ack, highWaterMark, overflow, onHandlerError },
      ...(isVersion5 ? { noLocal: noLocal && !filter.startsWith("$share"), retainAsPublished, retainHandling } : {}),
    };
    const promise = this.client.subscribe(filter, options, consumer.handler);
    const consumers = this.#consumers;
    this.#watch(
      `subscribe ${filter}`,
      promise.then((subscription) => {
        if (!process.isAlive) return;
        consumers.set(subscription, consumer);
        consumer.start(subscription);
      }),
    );
  }

  #watch(what: string, promise: Promise<unknown>): void {
    const { say } = this.#parts;
    const pending = { what, process: this.process };
    this.pending.add(pending);
    say(what);
    const settled = (outcome: string): void => {
      if (this.pending.delete(pending)) say(`${what}: ${outcome}`);
    };
    promise.then(
      () => settled("done"),
      (error: unknown) => settled(String(error)),
    );
  }

  #newProcess(): Process {
    const { plan } = this;
    const { clock, chance, verdict, disk, received, say } = this.#parts;
    const store =
      plan.store === "none"
        ? undefined
        : (isAlive: () => boolean) =>
            plan.store === "fast" ? disk : new SlowStore({ clock, chance, verdict, disk, isAlive });
    const process = new Process(this.crashes, { plan, clock, chance, network: this.network, store });
    this.#consumers = new Map();
    const consumers = this.#consumers;
    const listener: ConsumerIdentity = { client: plan.name, row: "*", process: this.crashes, last: new Map() };
    const { client } = process;
    const listen = (): void => {
      if (process.isListening) return;
      process.isListening = true;
      let hasWaited = process.number > 0;
      client.on(
        "message",
        ({ message, subscriptions }: { message: Message; subscriptions: readonly Subscription[] }) => {
          if (!process.isAlive) return;
          received.shown(plan.name, message);
          if (hasWaited && message.qos > 0) verdict.count("a message waits for its first consumer");
          if (subscriptions.some((each) => consumers.get(each)?.hasStarted === true)) return;
          say(`the listener takes ${nameOf(message.payload)} at QoS ${message.qos}`);
          received.handed(listener, message);
        },
      );
      // What waits comes as soon as this is over.
      void Promise.resolve().then(() => (hasWaited = false));
    };
    // A new process may have a Session before it has a listener; on its first connection, messages wait for one.
    if (process.number === 0 || chance.percent(50)) listen();
    client.on("connected", ({ sessionPresent }) => {
      say(`is connected, session ${sessionPresent ? "present" : "new"}`);
      if (!process.isAlive) return;
      if (!sessionPresent) listen();
      else if (!process.isListening) void process.pause(chance.below(500)).then(listen);
      this.#connections += 1;
      this.#isConnackDue = false;
      if (!sessionPresent && this.#connections > 1 && this.#wanted.length > 0)
        verdict.count("subscriptions are made anew in a new Session");
      if (
        sessionPresent &&
        client.inflight.outgoing.filter(isUnanswered).length > (client.server?.receiveMaximum ?? Infinity)
      )
        verdict.count("the broker's Receive Maximum shrank at resume");
    });
    client.on("disconnected", ({ error, willReconnect }) => {
      say(`is disconnected: ${String(error)}`);
      listen();
      const isSubscribing = [...this.pending].some(({ what }) => what.startsWith("subscribe"));
      if (process.isAlive && willReconnect && isSubscribing)
        verdict.count("SUBSCRIBE was under way when the connection was lost");
      if (!process.isAlive || client.state !== "closed") return;
      this.#closings += 1;
      this.#noteClosed();
    });
    return process;
  }
}

/** Whether the PUBLISH of a message has had no answer. */
function isUnanswered({ stage }: InflightMessage): boolean {
  return stage === "awaiting-puback" || stage === "awaiting-pubrec";
}
