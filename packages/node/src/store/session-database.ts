/** One entry of a database to put, or, without a value, to delete. */
export interface DatabaseOperation {
  readonly key: string;
  readonly value?: Uint8Array;
}

/** What a `DiskSessionStore` is kept in: an ordered map of keys to bytes. LevelDB, unless another one is given. */
export interface SessionDatabase {
  /** The entries whose keys are `from` or greater, and less than `to`, by their bytes in UTF-8. */
  read(from: string, to: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]>;
  /** Carries out all operations, or none. With `sync` it resolves when they would outlive a power failure. */
  write(operations: readonly DatabaseOperation[], sync: boolean): Promise<void>;
  /** Frees it; called once, after the last write. */
  close(): Promise<void>;
}
