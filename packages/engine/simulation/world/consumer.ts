import type { Message, Subscription } from "@rivulet/engine";
import type { Chance } from "../chance.ts";
import { nameOf } from "../checks/payload.ts";
import type { ConsumerIdentity, ReceivedLedger } from "../checks/received-ledger.ts";
import type { Verdict } from "../checks/verdict.ts";
import type { ConsumerPlan } from "../scenario/plan.ts";
import type { Process } from "./process.ts";

/** What a consumer needs of the world around it. */
export interface ConsumerParts {
  readonly process: Process;
  readonly chance: Chance;
  readonly received: ReceivedLedger;
  readonly verdict: Verdict;
  /** Says what happens, to whoever reads the transcript. */
  readonly say: (text: string) => void;
  /** Whether the client's Session is kept in a store. */
  readonly hasStore: boolean;
}

/** Why a handler fails that is meant to. */
class HandlerFailure extends Error {}

/** Takes the messages of one subscription, as slowly and as badly as its plan says. */
export class Consumer {
  /** Whether it has begun, so that its messages are nobody else's. */
  hasStarted = false;
  hasLeft = false;
  /** Has forgotten what it was about. */
  #isOver = false;
  readonly plan: ConsumerPlan;
  readonly #identity: ConsumerIdentity;
  readonly #parts: ConsumerParts;
  #leave: (() => Promise<void>) | undefined;

  constructor(client: string, row: string, { plan, ...parts }: ConsumerParts & { readonly plan: ConsumerPlan }) {
    this.plan = plan;
    this.#parts = parts;
    this.#identity = { client, row, process: parts.process.number, last: new Map() };
    this.hasStarted = plan.kind === "handler";
  }

  /** The handler, where it is one. */
  get handler(): ((message: Message) => unknown) | undefined {
    return this.plan.kind === "handler" ? (message) => this.#handle(message) : undefined;
  }

  /** Begins to read, unless it is a handler, to which messages come. */
  start(subscription: Subscription): void {
    const { kind } = this.plan;
    if (kind === "iterator") void this.#loop(subscription);
    else if (kind === "reader") void this.#read(subscription);
    else this.#leave = () => subscription.unsubscribe();
    this.hasStarted = true;
  }

  /** The client is closed. */
  closed(): void {
    this.#isOver = this.plan.isForgetful;
  }

  /** Leaves, with whatever waits for it. */
  async leave(): Promise<void> {
    this.hasLeft = true;
    await this.#leave?.();
  }

  #handle(message: Message): Promise<void> | undefined {
    const { chance, received, verdict } = this.#parts;
    const { slownessMs, failures } = this.plan;
    const times = this.#take(message);
    if (times === 0) return new Promise(() => undefined);
    // The second time it succeeds, so that there is an end to it.
    const fails = times === 1 && chance.percent(failures);
    if (fails) verdict.count("a handler rejects");
    if (fails && this.plan.onHandlerError !== "acknowledge") received.refused(this.#identity, message);
    const fail = (): void => {
      this.#done(message);
      if (fails) throw new HandlerFailure();
    };
    if (slownessMs === 0) {
      fail();
      return undefined;
    }
    return this.#dwell(chance.below(slownessMs + 1)).then(fail);
  }

  async #loop(subscription: Subscription): Promise<void> {
    const { chance } = this.#parts;
    const { slownessMs } = this.plan;
    let isLeaving = false;
    this.#leave = () => {
      isLeaving = true;
      return Promise.resolve();
    };
    try {
      for await (const message of subscription) {
        if (this.#take(message) === 0) return;
        if (slownessMs > 0) await this.#dwell(chance.below(slownessMs + 1));
        this.#done(message);
        if (isLeaving) break;
      }
    } catch {
      // The client was closed for a reason.
    }
  }

  async #read(subscription: Subscription): Promise<void> {
    const { chance } = this.#parts;
    const { slownessMs } = this.plan;
    const reader = subscription.readable.getReader();
    this.#leave = () => reader.cancel();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#take(value) === 0) return;
        if (slownessMs > 0) await this.#dwell(chance.below(slownessMs + 1));
        this.#done(value);
      }
    } catch {
      // As above.
    }
  }

  /** The time that a message takes; for ever, when the consumer forgets it meanwhile. */
  async #dwell(delayMs: number): Promise<void> {
    await this.#parts.process.pause(delayMs);
    if (this.#isOver) await new Promise(() => undefined);
  }

  /** Notes a message, and returns how often it came; 0 when the process is gone, and this never happened. */
  #take(message: Message): number {
    const { chance, process, received, verdict } = this.#parts;
    if (!process.isAlive) return 0;
    this.#parts.say(`${this.#identity.row} takes ${nameOf(message.payload)} at QoS ${message.qos}`);
    const times = received.handed(this.#identity, message);
    if (!process.isListening) received.shown(this.#identity.client, message);
    if (this.plan.ack === "manual") {
      void this.#dwell(chance.below(this.plan.slownessMs + 20)).then(() => {
        verdict.count("a message is acknowledged by hand");
        received.done(this.#identity, message);
        message.acknowledge();
      });
    }
    // What nobody keeps is acknowledged for good.
    if (this.plan.ack === "on-receipt" && !this.#parts.hasStore) received.done(this.#identity, message);
    return times;
  }

  /** Is done with a message, unless a hand has to say so. */
  #done(message: Message): void {
    const { process, received, say } = this.#parts;
    if (!process.isAlive || this.plan.ack === "manual") return;
    say(`${this.#identity.row} is done with ${nameOf(message.payload)}`);
    received.done(this.#identity, message);
  }
}
