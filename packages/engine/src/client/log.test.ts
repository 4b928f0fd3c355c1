import { describe, expect, it } from "vitest";
import { connected, gate, Harness, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import type { Authenticator } from "../authenticator.ts";
import { InvalidOptionError, TransportError } from "../errors.ts";
import type { LogEntry } from "../log-entry.ts";
import { MemorySessionStore } from "../session-store.ts";

/** The entries of a client's log, from its making on. */
function logged({ options, ...rest }: HarnessOptions = {}): { harness: Harness; entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const logger = (entry: LogEntry): void => {
    entries.push(entry);
  };
  return { harness: new Harness({ ...rest, options: { logger, ...options } }), entries };
}

const messages = (entries: readonly LogEntry[], type: LogEntry["type"]): string[] =>
  entries.filter((entry) => entry.type === type).map(({ message }) => message);

/** A client that connects, subscribes, unsubscribes, publishes, and loses its connection once. */
async function live(options: HarnessOptions["options"]): Promise<LogEntry[]> {
  const { harness, entries } = logged({ options: { ...options } });
  await harness.client.connect();
  await harness.client.subscribe(["a", "b/#"], { qos: 1 });
  await harness.client.unsubscribe("a");
  await harness.client.publish("c", "payload", { qos: 1 });
  harness.server.send({ type: "puback", packetIdentifier: 77 });
  await settle();
  harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }] };
  harness.server.lose(new TransportError("The line is cut"));
  await harness.environment.advance(60_000);
  await harness.client.disconnect();
  return entries;
}

describe("the log", () => {
  it("tells by default how the connection fares, of the session, and of what a server should not do", async () => {
    const entries = await live({});
    expect(entries.map(({ level }) => level)).not.toContain("verbose");
    expect(messages(entries, "info")).toEqual([
      "Connecting to mem://server with protocol version 5",
      "Connected",
      "Disconnected: The line is cut",
      "Connecting to mem://server with protocol version 5",
      "Connected",
      "Disconnected: the client has ended it",
    ]);
    expect(messages(entries, "reconnect")).toEqual([
      expect.stringMatching(/^The line is cut: attempt 1 follows in \d+ ms$/),
    ]);
    expect(messages(entries, "session")).toEqual([
      "The server has begun a new session: it had none, or has lost it",
      "PUBACK came for 77, which nothing waits for",
      "The server has resumed the session",
    ]);
  });

  it("tells of subscriptions, of steps and of what is restored at verbose", async () => {
    const entries = await live({ logLevel: "verbose" });
    const verbose = entries.filter(({ level }) => level === "verbose");
    expect(messages(verbose, "session")).toEqual(['Subscribed to ["a","b/#"]', 'Unsubscribed from ["a"]']);
    expect(messages(entries, "packet")).toEqual([]);
    const { harness, entries: others } = logged({ options: { logLevel: "verbose", clientId: "kitchen" } });
    harness.onOpen = ({ context }) => {
      context.report("opening");
      return Promise.resolve();
    };
    harness.client.importSession({ version: 1, clientId: "kitchen", records: [] });
    await harness.client.connect();
    expect(others).toContainEqual({ level: "verbose", type: "info", message: "opening" });
    expect(messages(others, "session")).toContain("0 records of a session have been taken up");
    const session = new MemorySessionStore();
    await session.write("rivulet/kitchen", [{ key: "in/1", record: { key: "in/1", packetIdentifier: 1 } }]);
    const stored = logged({ options: { logLevel: "verbose", clientId: "kitchen", session } });
    await stored.harness.client.connect();
    expect(messages(stored.entries, "session")).toContain("1 records of a session have been taken up");
  });

  it("has a line a packet at debug, both ways, without payloads", async () => {
    const entries = await live({ logLevel: "debug" });
    const packets = entries.filter(({ type }) => type === "packet");
    expect(new Set(packets.map(({ level }) => level))).toEqual(new Set(["debug"]));
    const lines = messages(entries, "packet");
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^CONNECT out \{"bytes":\d+\}$/),
      'CONNACK in {"reasonCode":0,"bytes":5}',
    ]);
    expect(lines).toContain('SUBSCRIBE out {"packetIdentifier":1,"filters":["a","b/#"],"bytes":20}');
    expect(lines).toContain('UNSUBSCRIBE out {"packetIdentifier":2,"filters":["a"],"bytes":8}');
    expect(lines).toContain('PUBLISH out {"packetIdentifier":3,"topicName":"c","qos":1,"payloadBytes":7,"bytes":15}');
    expect(lines).toContain('PUBACK in {"packetIdentifier":3,"reasonCode":0,"bytes":4}');
    expect(lines.join()).not.toContain('payload"');
  });

  it("keeps a topic within its line", async () => {
    const { harness, entries } = logged({ options: { logLevel: "debug" } });
    await harness.client.connect();
    await harness.client.publish("a\nb", "");
    expect(messages(entries, "packet").filter((line) => line.includes("\n"))).toEqual([]);
  });

  it("says nothing at none", async () => {
    expect(await live({ logLevel: "none" })).toEqual([]);
  });

  it("does no work for packets while nobody listens", async () => {
    const harness = await connected({ options: { logLevel: "debug" } });
    const events: LogEntry[] = [];
    await harness.client.publish("a", "b");
    const off = harness.client.on("log", (entry) => events.push(entry));
    await harness.client.publish("a", "b");
    off();
    await harness.client.publish("a", "b");
    expect(events).toHaveLength(1);
  });

  it("goes to the logger and to the listeners alike", async () => {
    const { harness, entries } = logged();
    const events = harness.record("log");
    await harness.client.connect();
    expect(entries).toEqual(events.map(({ event }) => event));
  });

  it("shows of what is not ours no more than that it happened", async () => {
    const { harness, entries } = logged({
      url: async () => Promise.reject(new Error("s3cret")),
      options: { reconnect: { retryInitial: true, maxAttempts: 1 } },
    });
    const connecting = harness.client.connect().catch(() => "failed");
    await harness.environment.advance(60_000);
    expect(await connecting).toBe("failed");
    expect(entries.length).toBeGreaterThan(0);
    expect(JSON.stringify(entries)).not.toContain("s3cret");
  });

  it("hands on what `retry` throws without its words", async () => {
    const { harness, entries } = logged({
      options: {
        reconnect: {
          retry: () => {
            throw new Error("s3cret");
          },
        },
      },
    });
    await harness.client.connect();
    harness.server.end();
    await settle();
    expect(messages(entries, "info").at(-1)).toBe("Disconnected: the attempt failed");
  });
});

describe("a logger", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("disk full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("disk full"))],
  ])("that %s disturbs nobody: its error goes to the event", async (_, logger) => {
    const harness = new Harness({ options: { logger } });
    const events = harness.record("error");
    const logs = harness.record("log");
    await harness.client.connect();
    await settle();
    expect(logs.length).toBe(3);
    expect(events.map(({ event }) => String(event.error))).toEqual(Array<string>(3).fill("Error: disk full"));
  });

  it("may be asynchronous", async () => {
    const { promise, open } = gate();
    const harness = await connected({ options: { logger: () => promise } });
    const events = harness.record("error");
    open();
    await settle();
    expect(events).toEqual([]);
  });

  it.each([{ logLevel: "loud" }, { logger: "console" }])("is an option that is checked: %o", (options) => {
    // Wrong on purpose: programs in JavaScript have no types.
    expect(() => new Harness({ options: options as object })).toThrow(InvalidOptionError);
  });
});

describe("secrets", () => {
  const authenticator: Authenticator = {
    method: "RHYME",
    begin: () => ({
      initialData: new TextEncoder().encode("t0psecret data"),
      respond: () => new TextEncoder().encode("t0psecret answer"),
      verify: () => undefined,
    }),
  };
  const properties = { authenticationMethod: "RHYME", authenticationData: new TextEncoder().encode("t0psecret back") };

  /** Everything in a value that could be read, bytes as text. */
  function look(value: unknown): string {
    if (value instanceof Uint8Array) return new TextDecoder().decode(value);
    if (Array.isArray(value)) return value.map(look).join();
    if (value instanceof Error) return [value.stack, look(Object.entries(value)), look(value.cause)].join();
    if (typeof value === "object" && value !== null) return Object.entries(value).map(look).join();
    return String(value);
  }

  it.each(["fine", "refuse", "malformed", "open", "lose"] as const)(
    "are in no event and no entry: %s",
    async (fate) => {
      const shown: unknown[] = [];
      const { harness, entries } = logged({
        url: "mem://al%65x:t0psecret@server/path?token=t0psecret",
        options: {
          ...{ logLevel: "debug", clientId: "kitchen", session: new MemorySessionStore(), authenticator },
          credentials: () => ({ username: "h1dden", password: "t0psecret" }),
          reconnect: { retryInitial: true, maxAttempts: 2 },
        },
        answers: {
          connect: () =>
            fate === "refuse"
              ? [{ type: "connack", reasonCode: 0x86 }]
              : [{ type: "auth", reasonCode: 0x18, properties }],
          auth: () => [{ type: "connack", properties }],
        },
      });
      for (const name of ["packet", "log", "connectionStatus", "connected", "disconnected", "reconnecting"] as const) {
        harness.client.on(name, (event) => shown.push(event));
      }
      harness.client.on("error", (event) => shown.push(event));
      if (fate === "open") harness.onOpen = () => Promise.reject(new TransportError("Nobody is there"));
      harness.onServer = (server) => {
        if (fate === "malformed") server.sendBytes(new Uint8Array([0, 0]));
      };
      const connecting = harness.client.connect().catch((error: unknown) => error);
      await settle();
      if (fate === "lose") harness.server.lose(new TransportError("The line is cut"));
      await harness.environment.advance(300_000);
      if (harness.client.state === "connected") await harness.client.publish("a", "b", { qos: 1 });
      harness.client.close();
      shown.push(await connecting, harness.client.connection, harness.client.exportSession());
      const text = look([...shown, ...entries]);
      expect(entries.length).toBeGreaterThan(2);
      expect(text).toContain("mem://server");
      for (const secret of ["t0psecret", "h1dden", "al%65x", "alex"]) expect(text).not.toContain(secret);
    },
  );
});
