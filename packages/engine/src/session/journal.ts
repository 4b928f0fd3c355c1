import type { SessionChange, SessionRecord } from "../session-store.ts";

/** A change, and whether it is the first that is heard of a message. */
export interface JournalEntry extends SessionChange {
  readonly isNew: boolean;
}

/** What has changed in the Session since it was last written down; nothing is kept where nobody writes it down. */
export class Journal {
  /** Whether somebody does. */
  readonly isKept: boolean;
  #entries: JournalEntry[] = [];

  constructor(isKept: boolean) {
    this.isKept = isKept;
  }

  put(record: SessionRecord, isNew = false): void {
    if (this.isKept) this.#entries.push({ key: record.key, record, isNew });
  }

  delete(key: string): void {
    if (this.isKept) this.#entries.push({ key, isNew: false });
  }

  /** The changes since the last time, in order. */
  take(): JournalEntry[] {
    const entries = this.#entries;
    if (entries.length > 0) this.#entries = [];
    return entries;
  }
}
