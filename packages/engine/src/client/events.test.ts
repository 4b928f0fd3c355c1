import type { ControlPacket } from "@rivulet/codec";
import { expect, expectTypeOf, it } from "vitest";
import { connected } from "../../testing/client-harness.ts";
import type { MqttError } from "../errors.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Server } from "../session/server.ts";
import type { ServerAuthentication } from "../tls.ts";
import type { Milestone } from "../transport.ts";
import type { ClientEvents } from "./events.ts";
import type { Message } from "./message.ts";
import type { Subscription } from "./subscription.ts";

it("every event has a name and one object", () => {
  expectTypeOf<keyof ClientEvents>().toEqualTypeOf<
    | "connected"
    | "disconnected"
    | "reconnecting"
    | "connectionStatus"
    | "tlsStatus"
    | "tlsServerAuthentication"
    | "message"
    | "messageAcknowledged"
    | "messageStored"
    | "subscribed"
    | "unsubscribed"
    | "readyToSend"
    | "packet"
    | "log"
    | "error"
  >();
});

it("a listener gets the object of its event, and once resolves to it", async () => {
  const { client } = await connected();
  client.on("connected", (event) => {
    expectTypeOf(event).toEqualTypeOf<{ readonly sessionPresent: boolean; readonly server: Server }>();
  });
  client.on("disconnected", (event) => {
    expectTypeOf(event).toEqualTypeOf<{
      readonly reasonCode: number | undefined;
      readonly reasonString: string | undefined;
      readonly error: MqttError | undefined;
      readonly willReconnect: boolean;
    }>();
  });
  client.on("reconnecting", (event) => {
    expectTypeOf(event).toEqualTypeOf<{ readonly attempt: number; readonly delayMs: number }>();
  });
  client.on("connectionStatus", (event) =>
    expectTypeOf(event).toEqualTypeOf<{ readonly status: string; readonly reached?: Milestone | undefined }>(),
  );
  client.on("tlsStatus", (event) => expectTypeOf(event).toEqualTypeOf<{ readonly message: string }>());
  client.on("tlsServerAuthentication", (event) => expectTypeOf(event).toEqualTypeOf<ServerAuthentication>());
  client.on("message", (event) => {
    expectTypeOf(event).toEqualTypeOf<{ readonly message: Message; readonly subscriptions: readonly Subscription[] }>();
  });
  client.on("messageAcknowledged", (event) => {
    expectTypeOf(event).toEqualTypeOf<{ readonly packetId: number; readonly qos: 1 | 2 }>();
  });
  client.on("messageStored", (event) => {
    expectTypeOf(event).toEqualTypeOf<{
      readonly topic: string;
      readonly qos: 0 | 1 | 2;
      readonly packetId: number | undefined;
    }>();
  });
  client.on("subscribed", (event) => expectTypeOf(event).toEqualTypeOf<{ readonly subscription: Subscription }>());
  client.on("unsubscribed", (event) => expectTypeOf(event).toEqualTypeOf<{ readonly filters: readonly string[] }>());
  client.on("readyToSend", (event) => expectTypeOf(event).toEqualTypeOf<{ readonly bufferedBytes: number }>());
  client.on("packet", (event) => {
    expectTypeOf(event).toEqualTypeOf<{
      readonly direction: "in" | "out";
      readonly packet: ControlPacket;
      readonly bytes: number;
    }>();
  });
  client.on("log", (event) => expectTypeOf(event).toEqualTypeOf<LogEntry>());
  client.on("error", (event) => expectTypeOf(event).toEqualTypeOf<{ readonly error: unknown }>());
  const off = client.on("error", () => undefined);
  expectTypeOf(off).toEqualTypeOf<() => void>();
  // @ts-expect-error There is no such event.
  expect(() => client.on("gone", () => undefined)).toThrow("There is no event gone");

  expectTypeOf(client.once<"message">).returns.resolves.toEqualTypeOf<ClientEvents["message"]>();
  expectTypeOf(client.once<"log">).returns.resolves.toEqualTypeOf<LogEntry>();
});

it.each([
  ["connect", "There is no event connect, but there is connected or connectionStatus"],
  ["Message", "There is no event Message, but there is message or messageAcknowledged or messageStored"],
  ["offline", "There is no event offline"],
  ["toString", "There is no event toString"],
])("nobody can wait for %s, which never comes", async (untyped, message) => {
  const { client } = await connected();
  const name = untyped as keyof ClientEvents;
  const refusal = { name: "InvalidOptionError", option: untyped, message };
  expect(() => client.on(name, () => undefined)).toThrow(expect.objectContaining(refusal));
  await expect(client.once(name)).rejects.toMatchObject(refusal);
});
