/** What several things that run side by side have to say, each whole, in the order in which they were opened. */
export class Sections {
  readonly #print: (text: string) => void;
  readonly #open: Section[] = [];

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** Opens a section after all others. */
  open(): { write(text: string): void; close(): void } {
    const section: Section = { waiting: "", isClosed: false };
    this.#open.push(section);
    return {
      write: (text) => {
        if (section === this.#open[0]) this.#print(text);
        else section.waiting += text;
      },
      close: () => {
        section.isClosed = true;
        this.#advance();
      },
    };
  }

  /** The first one speaks for itself; the others wait until it has said everything. */
  #advance(): void {
    while (this.#open[0]?.isClosed === true) {
      this.#open.shift();
      const [next] = this.#open;
      if (next === undefined) return;
      this.#print(next.waiting);
      next.waiting = "";
    }
  }
}

interface Section {
  waiting: string;
  isClosed: boolean;
}
