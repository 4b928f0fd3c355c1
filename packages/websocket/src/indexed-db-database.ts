import { StoreError } from "@rivulet/engine";

/** The object stores: records by session and key, and leases by session. */
const storeNames = ["records", "leases"] as const;

/** A database of the browser, whose every failure is a StoreError. */
export class Database {
  readonly #database: IDBDatabase;
  readonly #durability: IDBTransactionDurability;
  /** Why it is closed. */
  #closed: string | undefined;

  constructor(database: IDBDatabase, durability: IDBTransactionDurability) {
    this.#database = database;
    this.#durability = durability;
    // Another page wants to delete it, and would have to wait for us.
    database.onversionchange = () => this.close("Another page deletes or replaces the database of the sessions");
    database.onclose = () => this.close("The browser has closed the database of the sessions");
  }

  /**
   * Runs a transaction, and resolves to the result of the request that `body` returns when it is complete. What `body`
   * throws, or gives to `fail` later, undoes it.
   *
   * @throws (as a rejection) StoreError
   */
  transact<Result>(
    mode: IDBTransactionMode,
    body: (
      records: IDBObjectStore,
      leases: IDBObjectStore,
      fail: (error: unknown) => void,
    ) => IDBRequest<Result> | undefined,
  ): Promise<Result | undefined> {
    return new Promise<Result | undefined>((resolve, reject) => {
      if (this.#closed !== undefined) throw new StoreError(this.#closed);
      const transaction = this.#database.transaction(storeNames, mode, { durability: this.#durability });
      const [records, leases] = storeNames.map((name) => transaction.objectStore(name));
      const fail = (error: unknown): void => {
        reject(asStoreError(error));
        transaction.abort();
      };
      let request: IDBRequest<Result> | undefined;
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = () => reject(asStoreError(transaction.error));
      try {
        request = body(records!, leases!, fail); // There are both.
      } catch (error) {
        fail(error);
      }
    }).catch((error: unknown) => {
      throw asStoreError(error);
    });
  }

  /** Lets what is under way end, and takes nothing more. */
  close(why: string): void {
    this.#closed ??= why;
    this.#database.close();
  }
}

/**
 * Opens the database of this name; makes it where there is none.
 *
 * @throws (as a rejection) StoreError
 */
export function openDatabase(name: string, durability: IDBTransactionDurability): Promise<Database> {
  return new Promise<Database>((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const each of storeNames) request.result.createObjectStore(each);
    };
    request.onblocked = () => reject(new StoreError(`Another page keeps the database ${name} from being opened`));
    request.onerror = () => reject(asStoreError(request.error));
    request.onsuccess = () => resolve(new Database(request.result, durability));
  }).catch((error: unknown) => {
    throw asStoreError(error);
  });
}

function asStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const { name, message } = Object(cause) as Partial<Error>;
  const why = name === "QuotaExceededError" ? "the storage of this site is full" : String(message);
  return new StoreError(`The browser's database failed: ${why}`, { cause });
}
