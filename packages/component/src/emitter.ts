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
  readonly #listeners = new Map<keyof MQTTEvents, Set<(event: never) => unknown>>();
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
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // Wrapped, so that a listener that is added twice is called twice and called off once each.
    const own: Listener<Name> = (event) => listener(event);
    listeners.add(own);
    return () => {
      listeners.delete(own);
    };
  }

  /** Whether nobody threw. */
  emit<Name extends keyof MQTTEvents>(name: Name, event: MQTTEvents[Name]): boolean {
    const handler = this.#handlers[name];
    const listeners = this.#listeners.get(name);
    let isFine = handler === undefined || this.#call(name, handler, event);
    if (listeners === undefined || listeners.size === 0) return isFine;
    // One that is added meanwhile is not for this event.
    for (const listener of [...listeners] as Listener<Name>[]) isFine = this.#call(name, listener, event) && isFine;
    return isFine;
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
