/** What `chromium.ts` loads into pages: the contract of session stores over IndexedDB, and lives that end with the page. */
import { MqttClient, StoreError, type SessionRecord } from "rivulet";
import { indexedDbSessionStore } from "rivulet/indexed-db";
import {
  sessionStoreScenarios,
  type SessionStoreHarness,
} from "../../packages/engine/testing/session-store-contract.ts";
import type { PageGlobals } from "./page-globals.ts";
import { drained, publishMany } from "./publishing.ts";

const globals = globalThis as unknown as PageGlobals;

const assert = {
  ok(value: unknown, message = "expected something true"): void {
    if (!value) throw new Error(message);
  },
  equal(actual: unknown, expected: unknown, message = "not equal"): void {
    if (!Object.is(actual, expected)) throw new Error(`${message}: ${String(actual)} is not ${String(expected)}`);
  },
};

const thisPage = crypto.getRandomValues(new Uint32Array(2)).join();

const harness = (durability: "strict" | "relaxed"): SessionStoreHarness => ({
  isDurable: true,
  isShared: true,
  unfit: () => "a function, which cannot be cloned",
  // Every page counts from the beginning, and the databases of those before it are still there.
  open: (place) => indexedDbSessionStore({ name: `${thisPage}-${durability}-${place}`, durability }),
});

const plain = { type: "publish", topicName: "a", qos: 1, retain: false, duplicate: false } as const;

function message(key: string): { key: string; record: SessionRecord } {
  return { key, record: { key, packet: { ...plain, payload: new Uint8Array(10) } } };
}

async function expectError(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreError && pattern.test(error.message), String(error));
}

/** A clock that goes when it is told to. */
class ManualClock {
  offsetMs = 0;
  /** The timers for renewals; shorter ones are the platform's. */
  readonly renewals: (() => void)[] = [];

  wallNow(): number {
    return 1_790_000_000_000 + this.offsetMs;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    return delayMs > 1_000 ? this.renewals.push(callback) : setTimeout(callback, delayMs);
  }

  clearTimeout(): void {
    this.renewals.length = 0;
  }
}

/** What only this store has to deal with. */
const own: Readonly<Record<string, () => Promise<void>>> = {
  "a database that another page deletes": async () => {
    const store = await indexedDbSessionStore({ name: "deleted" });
    await store.load("s");
    await store.write("s", [message("out/1")]);
    await new Promise((resolve) => (indexedDB.deleteDatabase("deleted").onsuccess = resolve));
    await expectError(store.write("s", [message("out/2")]), /^Another page deletes or replaces the database/);
    const next = await indexedDbSessionStore({ name: "deleted" });
    assert.equal((await next.load("t")).length, 0);
    await next.close();
    await store.close();
  },
  "a database of a version to come": async () => {
    const request = indexedDB.open("later", 9);
    await new Promise((resolve) => (request.onsuccess = resolve));
    request.result.close();
    await expectError(indexedDbSessionStore({ name: "later" }), /^The browser's database failed: .*version/);
  },
  "a database of somebody else": async () => {
    const request = indexedDB.open("foreign", 1);
    await new Promise((resolve) => (request.onsuccess = resolve));
    request.result.close();
    const store = await indexedDbSessionStore({ name: "foreign" });
    await expectError(store.load("s"), /^The browser's database failed: /);
    await store.close();
  },
  "a database that cannot be opened, as in some private windows": async () => {
    const { indexedDB: own } = globalThis;
    const open = (): never => {
      throw new DOMException("The operation is insecure", "SecurityError");
    };
    try {
      Object.defineProperty(globalThis, "indexedDB", { value: { open }, configurable: true });
      await expectError(indexedDbSessionStore(), /^The browser's database failed: The operation is insecure$/);
    } finally {
      Object.defineProperty(globalThis, "indexedDB", { value: own, configurable: true });
    }
  },
};

/** What leases have to deal with, where there are no Web Locks. */
const leases: Readonly<Record<string, () => Promise<void>>> = {
  "a lease ends when nobody renews it, and who had it writes no more": async () => {
    const clock = new ManualClock();
    const [one, other] = await Promise.all([1, 2].map(() => indexedDbSessionStore({ name: "ends", clock })));
    await one?.load("s");
    await one?.write("s", [message("out/1")]);
    await expectError(Promise.resolve(other?.load("s")), /^The session s is in use by another page or client$/);
    clock.offsetMs = 91_000;
    // It is late, and nobody else has come: that does no harm.
    await one?.write("s", [message("out/2")]);
    assert.equal((await other?.load("s"))?.length, 2);
    await expectError(Promise.resolve(one?.write("s", [message("out/3")])), /^The session s has gone to another page/);
    await other?.write("s", [message("out/4")]);
    await one?.release("s"); // It is not its own any more.
    await expectError(Promise.resolve(one?.load("s")), /in use/);
    await Promise.all([one?.close(), other?.close()]);
    const last = await indexedDbSessionStore({ name: "ends", clock });
    assert.equal((await last.load("s")).length, 3);
    await last.close();
  },
  "a lease that is renewed does not end": async () => {
    const clock = new ManualClock();
    const [one, other] = await Promise.all([1, 2].map(() => indexedDbSessionStore({ name: "renewed", clock })));
    await one?.load("s");
    for (let round = 0; round < 3; round += 1) {
      clock.offsetMs += 60_000;
      for (const renew of clock.renewals.splice(0)) renew();
      while (clock.renewals.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await expectError(Promise.resolve(other?.load("s")), /in use/);
    }
    await one?.close();
    await other?.load("s");
    await other?.close();
  },
  "a lease of a clock that was wrong is none": async () => {
    const clock = new ManualClock();
    const one = await indexedDbSessionStore({ name: "wrong", clock });
    await one.load("s");
    clock.offsetMs = -1_000_000;
    const other = await indexedDbSessionStore({ name: "wrong", clock });
    await other.load("s");
    await Promise.all([one.close(), other.close()]);
  },
  "a page that is left gives its leases back": async () => {
    const [one, other] = await Promise.all([1, 2].map(() => indexedDbSessionStore({ name: "left" })));
    await one?.load("s");
    dispatchEvent(new PageTransitionEvent("pagehide"));
    await other?.load("s");
    await expectError(Promise.resolve(one?.write("s", [message("out/1")])), /has gone to another page/);
    await Promise.all([one?.close(), other?.close()]);
  },
};

const durabilities = isSecureContext ? (["strict", "relaxed"] as const) : (["strict"] as const);
const scenarios = new Map<string, () => Promise<void>>([
  ...durabilities.flatMap((durability) =>
    sessionStoreScenarios
      .filter((one) => one.applies(harness(durability)))
      .map((one) => [`${durability}: ${one.name}`, () => one.run(harness(durability), assert)] as const),
  ),
  ...Object.entries(isSecureContext ? own : leases),
]);

globals.scenarioNames = [...scenarios.keys()];
globals.runScenario = async (name) => {
  assert.equal("locks" in navigator, isSecureContext, "Web Locks");
  await scenarios.get(name)?.();
};

globals.loadSession = async (name) => {
  const store = await indexedDbSessionStore({ name });
  const records = await store.load("s");
  await store.write("s", [message(`out/${records.length}`)]);
  return records.length;
};

globals.fillStorage = async () => {
  const store = await indexedDbSessionStore({ name: "full" });
  await store.load("s");
  const payload = new Uint8Array(1_000_000);
  try {
    for (let index = 0; index < 100; index += 1) {
      // Nothing that could be compressed.
      for (let at = 0; at < payload.length; at += 50_000) crypto.getRandomValues(payload.subarray(at, at + 50_000));
      const key = `out/${index}`;
      await store.write("s", [{ key, record: { key, packet: { ...plain, payload } } }]);
    }
    return "It is never full";
  } catch (error) {
    return error instanceof StoreError ? error.message : `No StoreError: ${String(error)}`;
  } finally {
    await store.close();
  }
};

globals.live = async ({ url, clientId, topic, first, work }) => {
  const session = await indexedDbSessionStore({ name: clientId });
  const client = new MqttClient(url, { clientId, session, sessionExpiryInterval: 3_600, reconnect: false });
  await client.connect();
  const journal = (line: string): void => void globals.journal(line);
  if (work === "crash") {
    await publishMany(client, { topic, first, journal });
  } else {
    await drained(client);
    await client.disconnect();
    await session.close();
  }
};
