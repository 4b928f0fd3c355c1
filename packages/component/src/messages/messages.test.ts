import type { ControlPacket, PublishPacket } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import type { MessageAckEvent, MessageEvent } from "../events.ts";
import { MessageStates } from "./listed-message.ts";
import { Messages } from "./messages.ts";

type Seen =
  | ({ readonly name: "messageAck"; readonly listed: number } & MessageAckEvent)
  | ({ readonly name: "messageIn" | "messageOut"; readonly listed: number } & MessageEvent);

/** Messages, and what they told, each time with how many were listed then. */
function observed(): { readonly messages: Messages; readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const listed = (): number => messages.incoming.length + messages.outgoing.length;
  const messages: Messages = new Messages({
    messageAck: (event) => seen.push({ name: "messageAck", listed: listed(), ...event }),
    messageIn: (event) => seen.push({ name: "messageIn", listed: listed(), ...event }),
    messageOut: (event) => seen.push({ name: "messageOut", listed: listed(), ...event }),
  });
  return { messages, seen };
}

function publish(qos: 0 | 1 | 2, packetIdentifier?: number, more: Partial<PublishPacket> = {}): PublishPacket {
  const identifier = packetIdentifier === undefined ? {} : { packetIdentifier };
  const payload = new TextEncoder().encode("21.5");
  return { type: "publish", topicName: "a/b", payload, qos, retain: false, duplicate: false, ...identifier, ...more };
}

const answer = (type: "puback" | "pubrec" | "pubrel" | "pubcomp", reasonCode = 0): ControlPacket => ({
  type,
  packetIdentifier: 7,
  reasonCode,
});

describe("a message to the server", () => {
  it("at QoS 0 is told of when it is sent, and never listed", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(0));
    expect(seen).toMatchObject([{ name: "messageOut", packetId: -1, topic: "a/b", qos: 0, listed: 0 }]);
  });

  it("at QoS 1 is listed until PUBACK, still while that is told, and then told to be out", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(1, 7));
    expect(messages.outgoing).toMatchObject([{ packetId: 7, state: MessageStates.awaitingPuback }]);
    const [listed] = messages.outgoing;
    messages.followed("in", answer("puback", 16));
    expect(listed?.state).toBe(MessageStates.completed);
    expect(seen).toMatchObject([
      { name: "messageAck", packetId: 7, direction: 0, index: 0, responseCode: 16, listed: 1 },
      { name: "messageOut", packetId: 7, qos: 1, listed: 0 },
    ]);
  });

  it("at QoS 2 goes through all its states", () => {
    const { messages, seen } = observed();
    const states: (number | undefined)[] = [];
    const note = (): unknown => states.push(messages.outgoing[0]?.state);
    messages.followed("out", publish(2, 7));
    note();
    messages.followed("in", answer("pubrec"));
    note();
    messages.followed("out", answer("pubrel"));
    note();
    messages.followed("in", answer("pubcomp"));
    expect(states).toEqual([1, 2, 3]);
    expect(seen.map(({ name }) => name)).toEqual(["messageAck", "messageOut"]);
  });

  it("is over with a PUBREC that refuses it", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(2, 7));
    messages.followed("in", answer("pubrec", 0x87));
    expect(seen).toMatchObject([{ name: "messageAck", responseCode: 0x87 }, { name: "messageOut" }]);
    expect(messages.outgoing).toEqual([]);
  });

  it("tells what PUBREC said and PUBCOMP did not repeat", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(2, 7));
    messages.followed("in", answer("pubrec", 16));
    messages.followed("out", answer("pubrel"));
    messages.followed("in", answer("pubcomp"));
    expect(seen).toMatchObject([{ name: "messageAck", responseCode: 16 }, { name: "messageOut" }]);
  });

  it("that is sent again keeps its place, with DUP", () => {
    const { messages, seen } = observed();
    const sent = publish(1, 7);
    messages.followed("out", sent);
    messages.followed("out", publish(1, 8));
    expect(messages.isSentAgain(publish(1, 7))).toBe(false);
    expect(messages.isSentAgain({ ...sent, duplicate: true })).toBe(true);
    messages.followed("out", { ...sent, duplicate: true });
    expect(messages.outgoing).toMatchObject([
      { packetId: 7, duplicate: true },
      { packetId: 8, duplicate: false },
    ]);
    messages.followed("in", answer("puback"));
    expect(seen.at(-1)).toMatchObject({ name: "messageOut", duplicate: true });
  });

  it("that has the Packet Identifier of one that was given up takes its place", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(1, 7));
    messages.followed("out", publish(1, 7, { topicName: "another" }));
    expect(messages.outgoing).toMatchObject([{ packetId: 7, topic: "another" }]);
    messages.followed("in", answer("puback"));
    expect(seen.at(-1)).toMatchObject({ name: "messageOut", topic: "another" });
  });

  it("of which the list knows nothing is not told of", () => {
    const { messages, seen } = observed();
    messages.followed("in", answer("puback"));
    messages.followed("in", answer("pubcomp"));
    expect(seen).toEqual([]);
  });
});

describe("a message from the server", () => {
  it("at QoS 0 is handed over at once", () => {
    const { messages, seen } = observed();
    messages.arrived(publish(0));
    expect(seen).toMatchObject([{ name: "messageIn", packetId: -1, listed: 0 }]);
  });

  it("at QoS 1 is handed over when PUBACK has gone", () => {
    const { messages, seen } = observed();
    messages.arrived(publish(1, 7, { retain: true }));
    const [listed] = messages.incoming;
    expect(listed?.state).toBe(MessageStates.sendingPuback);
    expect(seen).toEqual([]);
    messages.followed("out", answer("puback"));
    expect(listed?.state).toBe(MessageStates.acknowledged);
    expect(seen).toMatchObject([
      { name: "messageAck", direction: 1, index: 0, listed: 1 },
      { name: "messageIn", packetId: 7, retained: true, listed: 0 },
    ]);
  });

  it("at QoS 2 is handed over when PUBCOMP has gone", () => {
    const { messages, seen } = observed();
    const states: (number | undefined)[] = [];
    messages.arrived(publish(2, 7));
    states.push(messages.incoming[0]?.state);
    messages.followed("out", answer("pubrec"));
    states.push(messages.incoming[0]?.state);
    messages.followed("in", answer("pubrel"));
    states.push(messages.incoming[0]?.state);
    expect(seen).toEqual([]);
    messages.followed("out", answer("pubcomp"));
    expect(states).toEqual([6, 7, 8]);
    expect(seen.map(({ name }) => name)).toEqual(["messageAck", "messageIn"]);
  });

  it("shows what its properties say", () => {
    const { messages } = observed();
    const properties = {
      contentType: "text/plain",
      correlationData: new Uint8Array([0, 255]),
      messageExpiryInterval: 9,
      payloadFormatIndicator: 1,
      responseTopic: "c",
      subscriptionIdentifiers: [3, 1],
      topicAlias: 2,
    } as NonNullable<PublishPacket["properties"]>;
    messages.arrived(publish(2, 7, { properties }));
    expect(messages.incoming[0]).toMatchObject({
      contentType: "text/plain",
      correlationData: "00ff",
      messageExpInterval: 9,
      payloadFormatIndicator: 1,
      responseTopic: "c",
      subscriptionIdentifiers: "3,1",
      topicAlias: 2,
    });
  });
});

describe("the lists", () => {
  it("hand over what has come, and forget what has gone, when the server has lost the Session", () => {
    const { messages, seen } = observed();
    messages.followed("out", publish(1, 1));
    messages.arrived(publish(2, 7));
    for (const packet of messages.lost()) messages.handOver(packet);
    expect(seen).toMatchObject([{ name: "messageIn", packetId: 7, listed: 0 }]);
    expect(messages.outgoing).toEqual([]);
  });

  it("take up what was under way", () => {
    const { messages, seen } = observed();
    messages.restore("incoming", publish(2, 7), MessageStates.awaitingPubrel);
    expect(messages.received(7)?.topicName).toBe("a/b");
    messages.followed("in", answer("pubrel"));
    messages.followed("out", answer("pubcomp"));
    expect(seen.map(({ name }) => name)).toEqual(["messageAck", "messageIn"]);
  });

  it("survive a listener that clears them", () => {
    const messages: Messages = new Messages({
      messageAck: () => {
        messages.clear();
        messages.arrived(publish(1, 7));
      },
      messageIn: () => undefined,
      messageOut: () => undefined,
    });
    messages.arrived(publish(1, 7));
    messages.followed("out", answer("puback"));
    expect(messages.incoming).toHaveLength(1);
  });
});
