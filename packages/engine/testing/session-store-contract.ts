/**
 * What every session store must do, as scenarios that run on any runtime: they use the globals that all of them have, and
 * an `assert` that is given to them. A store's test file supplies a harness that opens it, each scenario in a place of its
 * own.
 */
import { StoreError, type SessionChange, type SessionRecord, type SessionStore } from "@rivulet/engine";
import type { ContractAssert } from "./contract-assert.ts";

/** A store that is open. */
export interface OpenSessionStore extends SessionStore {
  close(): Promise<void>;
}

export interface SessionStoreHarness {
  /** Whether what was loaded belongs to whoever loaded it until it is released, and the store lasts as long as asked. */
  readonly isDurable: boolean;
  /** Opens the store of a place. What was written there before is in it, and two may be open at a time where they can. */
  open(place: string): Promise<OpenSessionStore>;
  /** Whether a second store of a place may be open at the same time; else opening it is refused. */
  readonly isShared: boolean;
  /** Something that the store cannot take, where there is such a thing. */
  readonly unfit?: unknown;
}

export interface SessionStoreScenario {
  readonly name: string;
  /** Whether this kind of store has what the scenario is about. */
  applies(harness: SessionStoreHarness): boolean;
  run(harness: SessionStoreHarness, assert: ContractAssert): Promise<void>;
}

interface ScenarioContext {
  readonly harness: SessionStoreHarness;
  readonly assert: ContractAssert;
  readonly store: OpenSessionStore;
  /** Closes the store of the place, and opens it again. */
  reopen(): Promise<OpenSessionStore>;
  /** Opens another store of the same place. */
  openAnother(): Promise<OpenSessionStore>;
}

const isDurable = (harness: SessionStoreHarness): boolean => harness.isDurable;

export const sessionStoreScenarios: readonly SessionStoreScenario[] = [
  scenario("has nothing of a session that it does not know", loadsNothing),
  scenario("gives back every kind of record as it was", givesBackRecords),
  scenario("keeps no hold of the bytes that it was given", keepsNoHold, isDurable),
  scenario("keeps a message of some size", keepsLargeMessage),
  scenario("a change puts a record in the place of another", replacesRecords),
  scenario("a change deletes a record, or one that is not there", deletesRecords),
  scenario("changes are made in their order", keepsOrder),
  scenario("no changes are no change", takesNoChanges),
  scenario("takes many changes at once, and many after each other", takesManyChanges),
  scenario("keeps sessions apart", keepsSessionsApart),
  scenario("takes sessions and keys of any kind", takesUnusualNames),
  scenario("writes of several sessions go on at a time", writesSideBySide),
  scenario("has all of it when it is opened again", survivesClose, isDurable),
  scenario("makes all changes of a write, or none", makesAllOrNone, (harness) => harness.unfit !== undefined),
  scenario("refuses a session that another client has", refusesSecondOwner, isDurable),
  scenario("refuses a session that the client of another store has", refusesOtherStore, isDurable),
  scenario("lets a session that was released go to the next", releasesSessions, isDurable),
  scenario("releases what was never loaded, and twice", releasesAnything, isDurable),
  scenario("takes no changes of a session that nobody has loaded", refusesStrangers, isDurable),
  scenario("takes nothing once it is closed", refusesWhenClosed, isDurable),
  scenario("closes twice, and lets go of its sessions", closesTwice, isDurable),
];

const plain = { type: "publish", retain: false, duplicate: false } as const;
const payload = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);

/** Every kind of record, with everything that it may have, and without. */
const records: readonly SessionRecord[] = [
  {
    key: "out/0000000000000001",
    packet: {
      ...{ type: "publish", topicName: "a/ä/💧", qos: 2, retain: true, duplicate: true, packetIdentifier: 65_535 },
      payload,
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 4_294_967_295,
        contentType: "text/plain",
        responseTopic: "reply",
        correlationData: payload.subarray(10, 20),
        userProperties: [
          ["name", "value"],
          ["name", ""],
          ["__proto__", "constructor"],
        ],
      },
    },
    awaits: "pubcomp",
    released: 9_007_199_254_740_991,
    expiresAt: 1_790_000_000_123,
  },
  { key: "out/0000000000000002", packet: { ...plain, topicName: "b", payload: new Uint8Array(0), qos: 0 } },
  { key: "in/7", packetIdentifier: 7 },
  {
    ...{ key: "in/8/1", packetIdentifier: 8, order: 1, isComplete: true },
    packet: { ...plain, topicName: "c", payload: payload.subarray(1, 3), qos: 2, packetIdentifier: 8 },
  },
  {
    key: "sub/home/+/#",
    subscription: { topicFilter: "home/+/#", qos: 1, noLocal: true, retainAsPublished: false, retainHandling: 2 },
    identifier: 268_435_455,
  },
];

async function loadsNothing({ store, assert }: ScenarioContext): Promise<void> {
  assert.equal((await store.load("nobody")).length, 0);
}

async function givesBackRecords({ store, harness, assert, reopen }: ScenarioContext): Promise<void> {
  await store.load("s");
  // Wrong on purpose: a field that is there and undefined is as good as none.
  const [first, ...others] = records as [SessionRecord, ...SessionRecord[]];
  const loose = { ...first, order: undefined, isComplete: undefined } as unknown as SessionRecord;
  await store.write("s", [loose, ...others].map(put));
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("s"), records, assert);
}

async function keepsNoHold({ store, assert, reopen }: ScenarioContext): Promise<void> {
  await store.load("s");
  const chunk = new Uint8Array(1_000_000).fill(1);
  const writing = store.write("s", [put(message("out/1", chunk.subarray(500, 510)))]);
  chunk.fill(2); // At once: what was given is what counts.
  await writing;
  const [record] = await (await reopen()).load("s");
  const bytes = payloadOf(record);
  assert.equal(bytes.join(), "1,1,1,1,1,1,1,1,1,1");
  assert.ok(bytes.buffer.byteLength < 100_000, "the whole chunk is kept for the sake of ten bytes");
}

async function keepsLargeMessage({ store, harness, assert, reopen }: ScenarioContext): Promise<void> {
  await store.load("s");
  const large = new Uint8Array(5_000_000).map((_, index) => (index * 31) >> 3);
  await store.write("s", [put(message("out/1", large))]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("s"), [message("out/1", large)], assert);
}

async function replacesRecords({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.write("s", [put(message("out/1", payload)), put(message("out/2", payload))]);
  const replaced: SessionRecord = { ...message("out/1", new Uint8Array(1)), awaits: "puback" };
  await store.write("s", [put(replaced)]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("s"), [replaced, message("out/2", payload)], assert);
}

async function deletesRecords({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.write("s", records.map(put));
  await store.write("s", [{ key: "in/7" }, { key: "in/99" }, { key: "sub/home/+/#", record: undefined }]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(
    await next.load("s"),
    records.filter(({ key }) => key !== "in/7" && key !== "sub/home/+/#"),
    assert,
  );
}

async function keepsOrder({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  await store.load("s");
  const [one, two] = [message("out/1", new Uint8Array(1)), message("out/1", new Uint8Array(2))];
  await store.write("s", [put(one), put(two), put(message("out/2", payload)), { key: "out/2" }, { key: "out/3" }]);
  await store.write("s", [{ key: "out/4" }, put(message("out/4", payload))]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("s"), [two, message("out/4", payload)], assert);
}

async function takesNoChanges({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.write("s", []);
  const next = harness.isDurable ? await reopen() : store;
  assert.equal((await next.load("s")).length, 0);
}

async function takesManyChanges({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  await store.load("s");
  const many = Array.from({ length: 2_000 }, (_, index) => message(`out/${index}`, payload.subarray(0, index & 0xff)));
  await store.write("s", many.map(put));
  for (let index = 0; index < 50; index += 1) await store.write("s", [{ key: `out/${index}` }]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("s"), many.slice(50), assert);
}

async function keepsSessionsApart({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  // Each could be taken for the beginning of another one, or the end of a key for that of a session.
  const names = ["a", "a/", "a/b", "a/b/out", 'a"', "a#", "A"];
  for (const name of names) {
    await store.load(name);
    await store.write(name, [put(message(`out/${name}`, payload)), put(message("b/out", payload))]);
  }
  await store.write("a", [{ key: "b/out" }]);
  const next = harness.isDurable ? await reopen() : store;
  expectRecords(await next.load("a"), [message("out/a", payload)], assert);
  for (const name of names.slice(1)) {
    expectRecords(await next.load(name), [message(`out/${name}`, payload), message("b/out", payload)], assert);
  }
}

async function takesUnusualNames({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  const unusual = [
    "",
    " ",
    "../..",
    "a\\b",
    "\u0000",
    "\u0001\n",
    "\uffff",
    "\u{10ffff}",
    "💧",
    "'\"`%$*?",
    "__proto__",
  ];
  const names = [...unusual, "long".repeat(16_000)];
  for (const name of names) {
    await store.load(name);
    const changes = unusual.map((key) => put(message(key, new Uint8Array(1))));
    await store.write(name, [...changes, put(message("of", new TextEncoder().encode(name)))]);
  }
  const next = harness.isDurable ? await reopen() : store;
  for (const name of names) {
    const wanted = unusual.map((key) => message(key, new Uint8Array(1)));
    expectRecords(await next.load(name), [...wanted, message("of", new TextEncoder().encode(name))], assert);
  }
}

async function writesSideBySide({ store, assert, reopen, harness }: ScenarioContext): Promise<void> {
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  await Promise.all(names.map((name) => store.load(name)));
  await Promise.all(
    names.map(async (name) => {
      for (let index = 0; index < 10; index += 1) await store.write(name, [put(message(`out/${index}`, payload))]);
    }),
  );
  const next = harness.isDurable ? await reopen() : store;
  for (const name of names) assert.equal((await next.load(name)).length, 10);
}

async function survivesClose({ store, assert, reopen }: ScenarioContext): Promise<void> {
  await store.load("s");
  let open = store;
  for (let index = 0; index < 5; index += 1) {
    await open.write("s", [put(message(`out/${index}`, payload))]);
    open = await reopen();
    assert.equal((await open.load("s")).length, index + 1);
  }
}

async function makesAllOrNone({ store, harness, assert, reopen }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.write("s", [put(message("out/1", payload))]);
  // Wrong on purpose: nothing else lets a write fail half way on every store.
  const unfit = { key: "out/3", packet: harness.unfit } as unknown as SessionRecord;
  const writing = store.write("s", [{ key: "out/1" }, put(message("out/2", payload)), put(unfit)]);
  await expectStoreError(writing, assert);
  expectRecords(await (await reopen()).load("s"), [message("out/1", payload)], assert);
}

async function refusesSecondOwner({ store, assert }: ScenarioContext): Promise<void> {
  await store.load("s");
  await expectStoreError(store.load("s"), assert);
  await store.load("t");
  await store.write("s", [put(message("out/1", payload))]); // The first still has it.
}

async function refusesOtherStore({ store, harness, assert, openAnother }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.write("s", [put(message("out/1", payload))]);
  if (!harness.isShared) {
    await expectStoreError(openAnother(), assert);
  } else {
    const other = await openAnother();
    await expectStoreError(other.load("s"), assert);
    await other.load("t");
    await store.release?.("s");
    expectRecords(await other.load("s"), [message("out/1", payload)], assert);
    await expectStoreError(store.load("s"), assert);
    await other.write("s", [put(message("out/2", payload))]);
    return;
  }
  await store.write("s", [put(message("out/2", payload))]);
}

async function releasesSessions({ store, assert }: ScenarioContext): Promise<void> {
  for (let index = 0; index < 3; index += 1) {
    assert.equal((await store.load("s")).length, index);
    await store.write("s", [put(message(`out/${index}`, payload))]);
    await store.release?.("s");
  }
}

async function releasesAnything({ store, assert }: ScenarioContext): Promise<void> {
  await store.release?.("s");
  await store.load("s");
  await store.release?.("s");
  await store.release?.("s");
  assert.equal((await store.load("s")).length, 0);
  await expectStoreError(store.load("s"), assert);
}

async function refusesStrangers({ store, assert }: ScenarioContext): Promise<void> {
  await expectStoreError(store.write("s", [put(message("out/1", payload))]), assert);
  await store.load("s");
  await store.release?.("s");
  await expectStoreError(store.write("s", [put(message("out/1", payload))]), assert);
  assert.equal((await store.load("s")).length, 0);
}

async function refusesWhenClosed({ store, assert }: ScenarioContext): Promise<void> {
  await store.load("s");
  await store.close();
  await expectStoreError(store.write("s", [put(message("out/1", payload))]), assert);
  await expectStoreError(store.load("t"), assert);
  await store.release?.("s");
}

async function closesTwice({ store, assert, openAnother }: ScenarioContext): Promise<void> {
  await store.load("s");
  const writing = store.write("s", [put(message("out/1", payload))]);
  await Promise.all([store.close(), store.close()]);
  await writing; // It was under way, and is finished first.
  const next = await openAnother();
  assert.equal((await next.load("s")).length, 1);
}

function put(record: SessionRecord): SessionChange {
  return { key: record.key, record };
}

function message(key: string, bytes: Uint8Array): SessionRecord {
  return { key, packet: { ...plain, topicName: "a", payload: bytes, qos: 1 } };
}

function payloadOf(record: SessionRecord | undefined): Uint8Array {
  const { packet } = Object(record) as { packet?: { payload?: Uint8Array } };
  return packet?.payload ?? new Uint8Array(0);
}

function expectRecords(
  actual: readonly SessionRecord[],
  wanted: readonly SessionRecord[],
  assert: ContractAssert,
): void {
  const lines = (list: readonly SessionRecord[]): string => list.map(described).sort().join("\n");
  assert.equal(lines(actual), lines(wanted));
}

/** A value with its kinds and all that is in it; fields that are undefined are left out, and their order is no matter. */
function described(value: unknown): string {
  if (value instanceof Uint8Array) {
    let hash = 0;
    for (const byte of value) hash = (Math.imul(hash, 31) + byte) >>> 0;
    return `${value.constructor.name}(${value.length}, ${hash})`;
  }
  if (Array.isArray(value)) return `[${value.map(described).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${entries
    .map(([name, each]) => `${JSON.stringify(name)}:${described(each)}`)
    .sort()
    .join()}}`;
}

async function expectStoreError(promise: Promise<unknown>, assert: ContractAssert): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreError, `a StoreError was expected, not ${String(error)}`);
  // A sentence, without a full stop.
  assert.ok(/^[A-Z].*[^.]$/.test((error as Error).message.replaceAll("\n", " ")), String(error));
}

let places = 0;

function scenario(
  name: string,
  body: (context: ScenarioContext) => Promise<void>,
  applies: (harness: SessionStoreHarness) => boolean = () => true,
): SessionStoreScenario {
  const run = async (harness: SessionStoreHarness, assert: ContractAssert): Promise<void> => {
    const place = `contract-${(places += 1)}`;
    const opened: OpenSessionStore[] = [];
    const open = async (): Promise<OpenSessionStore> => {
      const store = await harness.open(place);
      opened.push(store);
      return store;
    };
    const reopen = async (): Promise<OpenSessionStore> => {
      await opened.at(-1)?.close();
      return open();
    };
    try {
      await body({ harness, assert, store: await open(), reopen, openAnother: open });
    } finally {
      for (const store of opened) await store.close();
    }
  };
  return { name, applies, run };
}
