import { encode } from "@msgpack/msgpack";
import { MqttClient, StoreError, type SessionRecord, type SessionSnapshot } from "@rivulet/engine";
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { VirtualEnvironment } from "../../engine/testing/virtual-environment.ts";
import { MemorySessionStore, restoreSession, saveSession } from "./session.ts";

const newClient = (clientId = "kitchen"): MqttClient =>
  new MqttClient("mem://server", { clientId, transports: [], environment: new VirtualEnvironment() });

const packet = {
  type: "publish",
  topicName: "a",
  qos: 2,
  retain: false,
  duplicate: false,
  packetIdentifier: 7,
  payload: new TextEncoder().encode("payload"),
} as const;
const records: SessionRecord[] = [
  { key: "in/9", packetIdentifier: 9, packet },
  { key: "out/0000000000000001", packet, awaits: "pubcomp", released: 3, expiresAt: 1_700_000_000_000 },
  {
    key: "out/0000000000000002",
    packet: {
      ...{ ...packet, packetIdentifier: 8, qos: 1 },
      properties: { userProperties: [["name", "value"]], correlationData: new Uint8Array([1, 2]) },
    },
    awaits: "puback",
  },
  {
    key: "sub/home/#",
    subscription: { topicFilter: "home/#", qos: 1, noLocal: true, retainAsPublished: false, retainHandling: 2 },
    identifier: 268_435_455,
  },
];
const snapshot: SessionSnapshot = { version: 1, clientId: "kitchen", records };

function saved(value: SessionSnapshot = snapshot): Uint8Array {
  return saveSession({ exportSession: () => value });
}

/** Bytes whose head and checksum are right, whatever the body is. */
function sealed(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array([0x52, 0x56, 0x53, 1, 0, 0, 0, 0, ...body]);
  const trailer = gzipSync(body).subarray(-8); // The same checksum, and the length; the last byte first.
  bytes.set(trailer.subarray(0, 4).reverse(), 4);
  return bytes;
}

/** The records of a client, in the order of their keys. */
function recordsOf(client: MqttClient): SessionRecord[] {
  return [...client.exportSession().records].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** Expects that bytes are refused, and that nothing has changed. */
function expectRefused(bytes: Uint8Array): void {
  const client = newClient();
  expect(() => {
    restoreSession(client, bytes);
  }).toThrow(StoreError);
  expect(client.exportSession().records).toEqual([]);
}

describe("saveSession and restoreSession", () => {
  it("give a client what another one had", () => {
    const client = newClient();
    restoreSession(client, saved());
    expect(recordsOf(client)).toEqual(records);
    expect(client.inflight).toMatchObject({
      outgoing: [
        { topic: "a", packetId: 8, qos: 1, stage: "awaiting-puback" },
        { topic: "a", packetId: 7, qos: 2, stage: "sending-pubrel" },
      ],
      incoming: [{ packetId: 9, stage: "awaiting-pubrel" }],
    });
  });

  it("take the queue of a client that was never connected, and nothing of its credentials", () => {
    const client = new MqttClient("mem://cook:s3cret@server", {
      ...{ clientId: "kitchen", password: "s3cret", transports: [], environment: new VirtualEnvironment() },
    });
    void client.publish("a", "b", { qos: 1, contentType: undefined });
    const bytes = saveSession(client);
    expect(new TextDecoder().decode(bytes)).not.toMatch(/s3cret|cook/);
    const other = newClient();
    restoreSession(other, bytes);
    expect(other.exportSession()).toEqual(client.exportSession());
  });

  it("keep no hold of the bytes, which may lie in the middle of others", () => {
    const bytes = saved();
    const around = new Uint8Array(bytes.length + 20);
    around.set(bytes, 10);
    const client = newClient();
    restoreSession(client, around.subarray(10, 10 + bytes.length));
    around.fill(0);
    expect(recordsOf(client)).toEqual(records);
    const inBuffer = newClient();
    const buffer = Buffer.from(bytes);
    restoreSession(inBuffer, buffer);
    buffer.fill(0);
    expect(recordsOf(inBuffer)).toEqual(records);
  });

  it("refuse the session of another client", () => {
    expect(() => {
      restoreSession(newClient("cellar"), saved());
    }).toThrow(/"kitchen", not of "cellar"/);
  });

  it("go with the memory store of the engine", async () => {
    await expect(new MemorySessionStore().load("kitchen")).resolves.toEqual([]);
  });

  it("are sealed as gzip would", () => {
    expect(saved()).toEqual(sealed(encode(snapshot)));
  });
});

describe("bytes that were not saved so are refused, and change nothing", () => {
  const text = new TextEncoder().encode('{"version":1,"clientId":"kitchen","records":[]}');
  const other = saved();
  other[3] = 2;
  it.each<[string, Uint8Array]>([
    ["none", new Uint8Array(0)],
    ["only a head", saved().subarray(0, 4)],
    ["no checksum's worth", saved().subarray(0, 7)],
    ["JSON", text],
    ["MessagePack alone", encode(snapshot)],
    ["another version", other],
    ["nothing after the checksum", sealed(new Uint8Array(0))],
    ["something that is no snapshot", sealed(encode([1, 2, 3]))],
    ["a snapshot of another version", sealed(encode({ ...snapshot, version: 2 }))],
    ["a record that is unsound", sealed(encode({ ...snapshot, records: [...records, { key: "in/0" }] }))],
    ["more than a snapshot", sealed(new Uint8Array([...encode(snapshot), 0]))],
    ["a map with the key __proto__", sealed(new Uint8Array([0x81, 0xa9, ...new TextEncoder().encode("__proto__"), 1]))],
    ["a depth without end", sealed(new Uint8Array(100_000).fill(0x91))],
    ["a length beyond the end", sealed(new Uint8Array([0xc6, 0xff, 0xff, 0xff, 0xff]))],
  ])("%s", (_, bytes) => {
    expectRefused(bytes);
  });

  it("what is no Uint8Array", () => {
    // Wrong on purpose: it comes from outside.
    expectRefused("RVS" as unknown as Uint8Array);
  });

  test("any cut, and any bit that is turned", () => {
    const bytes = saved();
    for (let length = 0; length < bytes.length; length += 1) expectRefused(bytes.subarray(0, length));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7)); // There is such a byte.
      expectRefused(damaged);
    }
  });

  test("any bytes, with a head and a checksum that are right", () => {
    const body = encode(snapshot);
    const mutated = fc
      .array(fc.tuple(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
      .map((changes) => {
        const bytes = body.slice();
        for (const [index, byte] of changes) bytes[index] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        const client = newClient();
        try {
          restoreSession(client, sealed(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
          expect(client.exportSession().records).toEqual([]);
          return;
        }
        // What happens to be a snapshot still is taken up as a whole, and can be saved again.
        const again = newClient();
        restoreSession(again, saveSession(client));
        expect(again.exportSession()).toEqual(client.exportSession());
      }),
      { seed: 7, numRuns: 5_000 },
    );
  });
});
