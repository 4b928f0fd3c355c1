import fc from "fast-check";
import { isReasonCodeOf } from "../../src/mod.ts";
import type { ControlPacket, PacketOf, PacketType, PacketTypeWithReasonCode, ProtocolVersion } from "../../src/mod.ts";
import {
  binary,
  everyReasonCode,
  packetIdentifier,
  payload,
  propertiesOf,
  qos,
  sharedFilter,
  text,
  topicFilter,
  topicName,
} from "./values.ts";

type Arbitraries = {
  readonly [T in Exclude<PacketType, "auth">]: (version: ProtocolVersion) => fc.Arbitrary<PacketOf<T>>;
};

/** Every packet of a version, with everything that it may hold. */
export function packetOf(version: ProtocolVersion): fc.Arbitrary<ControlPacket> {
  const all: fc.Arbitrary<ControlPacket>[] = Object.values(arbitraries).map((arbitrary) => arbitrary(version));
  return version === 5 ? fc.oneof(...all, auth) : fc.oneof(...all);
}

/** A stream of packets of one version: what a Decoder sees of a connection. */
export function packetsOf(version: ProtocolVersion): fc.Arbitrary<ControlPacket[]> {
  return fc.array(packetOf(version), { minLength: 1, maxLength: 12 });
}

/** The versions of the protocol, by their numbers on the wire. */
export const versions: readonly ProtocolVersion[] = [3, 4, 5];

const arbitraries: Arbitraries = {
  connect: (version) =>
    record({
      type: fc.constant("connect" as const),
      protocolVersion: fc.constant(version),
      cleanStart: fc.boolean(),
      keepAlive: fc.integer({ min: 0, max: 65535 }),
      clientIdentifier: text,
      will: optional(will(version)),
      userName: optional(text),
      password: optional(binary),
      properties: version === 5 ? propertiesOf("connect") : absent,
    })
      // [MQTT311-3.1.2-22]
      .map(({ password, ...packet }) =>
        version < 5 && packet.userName === undefined ? packet : { ...packet, password },
      )
      .map((packet) => withoutAbsent<PacketOf<"connect">>(packet)),

  connack: (version) =>
    record({
      type: fc.constant("connack" as const),
      sessionPresent: fc.boolean(),
      reasonCode: version === 5 ? fc.oneof(fc.constant(0), reasonCodeOf("connack")) : fc.nat({ max: 5 }),
      properties: version === 5 ? propertiesOf("connack") : absent,
    })
      // [MQTT-3.2.2-6]
      .map((packet) => ({ ...packet, sessionPresent: packet.sessionPresent && packet.reasonCode === 0 && version > 3 }))
      .map((packet) => withoutAbsent<PacketOf<"connack">>(packet)),

  publish: (version) =>
    record({
      type: fc.constant("publish" as const),
      topicName,
      payload,
      qos,
      retain: fc.boolean(),
      duplicate: fc.boolean(),
      packetIdentifier,
      properties: version === 5 ? propertiesOf("publish") : absent,
      nameless: fc.boolean(),
    })
      .map(({ packetIdentifier: identifier, nameless, ...packet }) => ({
        ...packet,
        topicName: nameless && packet.properties?.topicAlias !== undefined ? "" : packet.topicName,
        duplicate: packet.duplicate && packet.qos > 0, // [MQTT-3.3.1-2]
        packetIdentifier: packet.qos > 0 ? identifier : undefined,
      }))
      .map((packet) => withoutAbsent<PacketOf<"publish">>(packet)),

  puback: acknowledgement("puback"),
  pubrec: acknowledgement("pubrec"),
  pubrel: acknowledgement("pubrel"),
  pubcomp: acknowledgement("pubcomp"),

  subscribe: (version) =>
    record({
      type: fc.constant("subscribe" as const),
      packetIdentifier,
      subscriptions: fc.array(subscription(version), { minLength: 1, maxLength: 5 }),
      properties: version === 5 ? propertiesOf("subscribe") : absent,
    }).map((packet) => withoutAbsent<PacketOf<"subscribe">>(packet)),

  suback: (version) =>
    record({
      type: fc.constant("suback" as const),
      packetIdentifier,
      reasonCodes: fc.array(
        version === 5 ? reasonCodeOf("suback") : fc.constantFrom(0, 1, 2, version === 4 ? 0x80 : 0),
        {
          minLength: 1,
          maxLength: 9,
        },
      ),
      properties: version === 5 ? propertiesOf("suback") : absent,
    }).map((packet) => withoutAbsent<PacketOf<"suback">>(packet)),

  unsubscribe: (version) =>
    record({
      type: fc.constant("unsubscribe" as const),
      packetIdentifier,
      topicFilters: fc.array(fc.oneof(topicFilter, sharedFilter), { minLength: 1, maxLength: 5 }),
      properties: version === 5 ? propertiesOf("unsubscribe") : absent,
    }).map((packet) => withoutAbsent<PacketOf<"unsubscribe">>(packet)),

  unsuback: (version) =>
    record({
      type: fc.constant("unsuback" as const),
      packetIdentifier,
      reasonCodes:
        version === 5 ? fc.array(reasonCodeOf("unsuback"), { minLength: 1, maxLength: 9 }) : fc.constant<number[]>([]),
      properties: version === 5 ? propertiesOf("unsuback") : absent,
    }).map((packet) => withoutAbsent<PacketOf<"unsuback">>(packet)),

  pingreq: () => record({ type: fc.constant("pingreq" as const) }),
  pingresp: () => record({ type: fc.constant("pingresp" as const) }),

  disconnect: (version) =>
    record({
      type: fc.constant("disconnect" as const),
      reasonCode: version === 5 ? reasonCodeOf("disconnect") : fc.constant(0),
      properties: version === 5 ? propertiesOf("disconnect") : absent,
    }).map((packet) => withoutAbsent<PacketOf<"disconnect">>(packet)),
};

/** Without a method it can only be the short form of Success (sections 3.15.2.1 and 3.15.2.2.2). */
const auth: fc.Arbitrary<PacketOf<"auth">> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<PacketOf<"auth">>({ type: "auth", reasonCode: 0 }) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(reasonCodeOf("auth"), text, propertiesOf("auth"))
      .map(([reasonCode, authenticationMethod, properties]): PacketOf<"auth"> => ({
        type: "auth",
        reasonCode,
        properties: { authenticationMethod, ...properties },
      })),
  },
);

function acknowledgement<T extends "puback" | "pubrec" | "pubrel" | "pubcomp">(
  type: T,
): (version: ProtocolVersion) => fc.Arbitrary<PacketOf<T>> {
  return (version) =>
    record({
      type: fc.constant(type),
      packetIdentifier,
      reasonCode: version === 5 ? reasonCodeOf(type) : fc.constant(0),
      properties: version === 5 ? propertiesOf(type) : absent,
    }).map((packet) => withoutAbsent<PacketOf<T>>(packet));
}

function subscription(version: ProtocolVersion): fc.Arbitrary<PacketOf<"subscribe">["subscriptions"][number]> {
  if (version < 5) {
    const fixed = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    return record({ topicFilter, qos }).map((options) => ({ ...options, ...fixed }));
  }
  const options = { qos, retainAsPublished: fc.boolean(), retainHandling: fc.constantFrom<0 | 1 | 2>(0, 1, 2) };
  return fc.oneof(
    record({ topicFilter, noLocal: fc.boolean(), ...options }),
    record({ topicFilter: sharedFilter, noLocal: fc.constant(false), ...options }), // [MQTT-3.8.3-4]
  );
}

function will(version: ProtocolVersion): fc.Arbitrary<object> {
  const properties = version === 5 ? propertiesOf("will") : absent;
  return record({ topic: topicName, payload: binary, qos, retain: fc.boolean(), properties }).map(
    withoutAbsent<object>,
  );
}

function reasonCodeOf(type: PacketTypeWithReasonCode): fc.Arbitrary<number> {
  return fc.constantFrom(...everyReasonCode.filter((code) => isReasonCodeOf(type, code)));
}

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const absent: fc.Arbitrary<undefined> = fc.constant(undefined);

/** A decoded packet does not have what is absent, not even as undefined. */
function withoutAbsent<P extends object>(packet: object): P {
  return Object.fromEntries(Object.entries(packet).filter(([, value]) => value !== undefined)) as P;
}

/** Plain objects, as the decoder makes them. */
function record<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  // Without required keys named, all are; the type that fast-check gives cannot say so of a T that is open.
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}
