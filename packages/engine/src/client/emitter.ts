/** Calls a listener off. */
export type Unsubscribe = () => void;

/**
 * Typed events. A listener that throws disturbs neither its neighbours nor whoever emits: what it threw goes to
 * `onListenerError`.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    // Wrapped, so that a listener that is added twice is called twice and called off once each.
    const own = (event: Events[Name]): void => {
      listener(event);
    };
    listeners.add(own);
    return () => {
      listeners.delete(own);
    };
  }

  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Whether no listener threw. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): boolean {
    let isFine = true;
    for (const listener of [...(this.#listeners.get(name) ?? [])] as ((event: Events[Name]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        isFine = false;
        this.#onListenerError(error);
      }
    }
    return isFine;
  }
}
