import { describe, expectTypeOf, test } from "vitest";
import { Decoder, encode } from "../mod.ts";
import type {
  AuthPacket,
  ConnackPacket,
  ConnectPacket,
  ControlPacket,
  ControlPacketInput,
  PacketOf,
  PacketProperties,
  PacketType,
  PublishPacket,
  QoS,
  SubscribePacket,
  TopicSubscription,
} from "../mod.ts";

// Checked by the compiler; at run time these tests do nothing.

describe("ControlPacket", () => {
  test("is told apart by its type", () => {
    const handle = (packet: ControlPacket): void => {
      if (packet.type === "publish") {
        expectTypeOf(packet).toEqualTypeOf<PublishPacket>();
        expectTypeOf(packet.payload).toEqualTypeOf<Uint8Array>();
        expectTypeOf(packet.packetIdentifier).toEqualTypeOf<number | undefined>();
      } else if (packet.type === "connack" || packet.type === "auth") {
        expectTypeOf(packet).toEqualTypeOf<ConnackPacket | AuthPacket>();
        expectTypeOf(packet.reasonCode).toBeNumber();
      } else if (packet.type === "subscribe") {
        expectTypeOf(packet).toEqualTypeOf<SubscribePacket>();
        expectTypeOf(packet.subscriptions).toEqualTypeOf<TopicSubscription[]>();
      }
    };
    expectTypeOf(handle).parameter(0).toEqualTypeOf<ControlPacket>();
  });

  test("a switch over the types is exhaustive", () => {
    const nameOf = (type: PacketType): string => {
      switch (type) {
        case "connect":
        case "connack":
        case "publish":
        case "puback":
        case "pubrec":
        case "pubrel":
        case "pubcomp":
        case "subscribe":
        case "suback":
        case "unsubscribe":
        case "unsuback":
        case "pingreq":
        case "pingresp":
        case "disconnect":
        case "auth":
          return type;
      }
    };
    expectTypeOf(nameOf).returns.toBeString();
    expectTypeOf<PacketOf<"connect">>().toEqualTypeOf<ConnectPacket>();
  });

  test("is what a decoder returns, and can be encoded", () => {
    expectTypeOf<Decoder["push"]>().returns.toEqualTypeOf<ControlPacket[]>();
    expectTypeOf<ControlPacket>().toExtend<ControlPacketInput>();
    expectTypeOf(encode).parameter(1).toEqualTypeOf<3 | 4 | 5>();
  });
});

describe("PacketProperties", () => {
  test("has the properties of its packet, with their types", () => {
    type Publish = PacketProperties<"publish">;
    expectTypeOf<Publish["subscriptionIdentifiers"]>().toEqualTypeOf<number[] | undefined>();
    expectTypeOf<Publish["userProperties"]>().toEqualTypeOf<[name: string, value: string][] | undefined>();
    expectTypeOf<Publish["correlationData"]>().toEqualTypeOf<Uint8Array | undefined>();
    expectTypeOf<Publish["topicAlias"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<PacketProperties<"subscribe">["subscriptionIdentifier"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<keyof PacketProperties<"puback">>().toEqualTypeOf<"reasonString" | "userProperties">();
    expectTypeOf<keyof PacketProperties<"unsubscribe">>().toEqualTypeOf<"userProperties">();
  });

  test("has no others", () => {
    expectTypeOf<PacketProperties<"publish">>().not.toHaveProperty("subscriptionIdentifier");
    expectTypeOf<PacketProperties<"publish">>().not.toHaveProperty("receiveMaximum");
    expectTypeOf<PacketProperties<"connect">>().not.toHaveProperty("willDelayInterval");
    expectTypeOf<PacketProperties<"will">>().toHaveProperty("willDelayInterval");
    expectTypeOf<PacketProperties<"puback">>().not.toHaveProperty("serverReference");
  });
});

describe("ControlPacketInput", () => {
  test("leaves out what has a default", () => {
    const inputs: ControlPacketInput[] = [
      { type: "connect", clientIdentifier: "" },
      { type: "connect", clientIdentifier: "", will: { topic: "t", payload: new Uint8Array(0) } },
      { type: "connack" },
      { type: "publish", topicName: "t", payload: new Uint8Array(0) },
      { type: "puback", packetIdentifier: 1 },
      { type: "subscribe", packetIdentifier: 1, subscriptions: [{ topicFilter: "t" }] },
      { type: "unsuback", packetIdentifier: 1 },
      { type: "disconnect" },
      { type: "auth" },
    ];
    expectTypeOf(inputs).items.toEqualTypeOf<ControlPacketInput>();
  });

  test("asks for what has none", () => {
    expectTypeOf<{ type: "publish"; topicName: string }>().not.toExtend<ControlPacketInput>();
    expectTypeOf<{ type: "puback" }>().not.toExtend<ControlPacketInput>();
    expectTypeOf<{ type: "connect" }>().not.toExtend<ControlPacketInput>();
    expectTypeOf<{ type: "suback"; packetIdentifier: number }>().not.toExtend<ControlPacketInput>();
    expectTypeOf<{ type: "publish"; topicName: string; payload: string }>().not.toExtend<ControlPacketInput>();
    expectTypeOf<QoS>().toEqualTypeOf<0 | 1 | 2>();
  });
});
