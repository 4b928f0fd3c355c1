/** An array made for each question would be garbage of each message. */
const nobody: readonly never[] = [];

/** Calls a listener off. */
export type Unsubscribe = () => void;

/**
 * Typed events. A listener that throws disturbs neither its neighbours nor whoever emits: what it threw goes to
 * `onListenerError`.
 */
export class Emitter<Events extends object> {
  /** Never changed, but replaced: one that is added or called off meanwhile changes nothing for an event. */
  #listeners: Map<keyof Events, readonly ((event: never) => void)[]> | undefined;
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    // Wrapped, so that a listener that is added twice is called twice and called off once each.
    const own = (event: Events[Name]): void => {
      listener(event);
    };
    const all = (this.#listeners ??= new Map());
    all.set(name, [...this.#of(name), own]);
    return () => {
      all.set(
        name,
        this.#of(name).filter((each) => each !== own),
      );
    };
  }

  has(name: keyof Events): boolean {
    return this.#of(name).length > 0;
  }

  /** Whether no listener threw. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): boolean {
    let isFine = true;
    for (const listener of this.#of(name) as ((event: Events[Name]) => void)[]) {
      try {
        listener(event);
      } catch (error) {
        isFine = false;
        this.#onListenerError(error);
      }
    }
    return isFine;
  }

  #of(name: keyof Events): readonly ((event: never) => void)[] {
    return this.#listeners?.get(name) ?? nobody;
  }
}
