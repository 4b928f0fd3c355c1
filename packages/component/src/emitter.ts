import type { MQTTEvents } from "./events.ts";

/** A listener of one event. One that is asynchronous is not waited for. */
export type Listener<Name extends keyof MQTTEvents> = (event: MQTTEvents[Name]) => unknown;

/** Calls a listener off. */
export type Unsubscribe = () => void;

/**
 * The events of one object: a handler for each name, which can be assigned, and any number of listeners behind it. What
 * one of them throws disturbs no other, and goes to `failed`.
 */
export class Emitter {
  readonly #handlers: { [Name in keyof MQTTEvents]?: Listener<Name> | undefined } = {};
  /** Never changed, but replaced: one that is added or called off meanwhile changes nothing for an event. */
  readonly #listeners: { [Name in keyof MQTTEvents]?: readonly Listener<Name>[] } = {};
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  handler<Name extends keyof MQTTEvents>(name: Name): Listener<Name> | undefined {
    return this.#handlers[name];
  }

  handle<Name extends keyof MQTTEvents>(name: Name, handler: Listener<Name> | undefined): void {
    Object.assign(this.#handlers, { [name]: handler });
  }

  on<Name extends keyof MQTTEvents>(name: Name, listener: Listener<Name>): Unsubscribe {
    // Wrapped, so that a listener that is added twice is called twice and called off once each.
    const own: Listener<Name> = (event) => listener(event);
    this.#set(name, [...(this.#listeners[name] ?? []), own]);
    return () => {
      this.#set(
        name,
        this.#listeners[name]?.filter((each) => each !== own),
      );
    };
  }

  /** Whether anybody would hear of an event. */
  has(name: keyof MQTTEvents): boolean {
    return this.#handlers[name] !== undefined || (this.#listeners[name]?.length ?? 0) > 0;
  }

  /** Whether nobody threw. */
  emit<Name extends keyof MQTTEvents>(name: Name, event: MQTTEvents[Name]): boolean {
    const handler = this.#handlers[name];
    let isFine = handler === undefined || this.#call(name, handler, event);
    const listeners: readonly Listener<Name>[] | undefined = this.#listeners[name];
    if (listeners === undefined) return isFine;
    for (const listener of listeners) isFine = this.#call(name, listener, event) && isFine;
    return isFine;
  }

  #set<Name extends keyof MQTTEvents>(name: Name, listeners: readonly Listener<Name>[] | undefined): void {
    Object.assign(this.#listeners, { [name]: listeners });
  }

  #call<Name extends keyof MQTTEvents>(name: Name, listener: Listener<Name>, event: MQTTEvents[Name]): boolean {
    try {
      const result: unknown = listener(event);
      // Nobody waits for it, but what it rejects with is not lost; only, a handler for errors would hear of its own.
      if (result instanceof Promise) result.catch(name === "error" ? () => undefined : this.#failed);
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }
}
