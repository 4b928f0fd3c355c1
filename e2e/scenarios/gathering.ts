import type { Message } from "rivulet";

/** The texts of messages that a handler was given, in order, and somebody who waits for some of them. */
export class Gathering {
  readonly texts: string[] = [];
  readonly #different = new Set<string>();
  readonly #waiting = new Set<() => void>();

  /** Made to be a handler. */
  readonly add = (message: Message): void => {
    const text = message.text();
    this.texts.push(text);
    this.#different.add(text);
    for (const look of this.#waiting) look();
  };

  /** How many different ones there are. */
  get size(): number {
    return this.#different.size;
  }

  /** Resolves when there is one with this text. */
  includes(text: string): Promise<void> {
    return this.#when(() => this.#different.has(text));
  }

  /** Resolves when there are so many different ones. */
  reaches(size: number): Promise<void> {
    return this.#when(() => this.size >= size);
  }

  #when(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
