import { describe, expect, it } from "vitest";
import { connected, Harness } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { Emitter } from "./emitter.ts";

interface Events {
  ping: { readonly count: number };
}

describe("Emitter", () => {
  it("calls each listener, in the order in which they came", () => {
    const emitter = new Emitter<Events>(() => undefined);
    const calls: string[] = [];
    emitter.on("ping", ({ count }) => calls.push(`first ${count}`));
    emitter.on("ping", ({ count }) => calls.push(`second ${count}`));
    emitter.emit("ping", { count: 1 });
    expect(calls).toEqual(["first 1", "second 1"]);
  });

  it("calls a listener that was added twice twice, and calls it off once each", () => {
    const emitter = new Emitter<Events>(() => undefined);
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const off = emitter.on("ping", listener);
    emitter.on("ping", listener);
    emitter.emit("ping", { count: 1 });
    off();
    off();
    emitter.emit("ping", { count: 2 });
    expect(calls).toBe(3);
  });

  it("knows whether somebody listens", () => {
    const emitter = new Emitter<Events>(() => undefined);
    expect(emitter.has("ping")).toBe(false);
    const off = emitter.on("ping", () => undefined);
    expect(emitter.has("ping")).toBe(true);
    off();
    expect(emitter.has("ping")).toBe(false);
  });

  it("disturbs nobody when a listener throws", () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<Events>((error) => errors.push(error));
    const failure = new Error("of a listener");
    let calls = 0;
    emitter.on("ping", () => {
      throw failure;
    });
    emitter.on("ping", () => {
      calls += 1;
    });
    emitter.emit("ping", { count: 1 });
    expect(errors).toEqual([failure]);
    expect(calls).toBe(1);
  });
});

describe("events of a client", () => {
  it("reports a listener that throws as an error event", async () => {
    const harness = new Harness();
    const errors = harness.record("error");
    const failure = new Error("of a listener");
    harness.client.on("connected", () => {
      throw failure;
    });
    await harness.client.connect();
    expect(errors).toEqual([{ name: "error", event: { error: failure } }]);
    expect(harness.client.state).toBe("connected");
  });

  it("does not go round in circles when a listener for errors throws", async () => {
    const harness = await connected();
    let calls = 0;
    harness.client.on("error", () => {
      calls += 1;
      throw new Error("of a listener for errors");
    });
    await harness.client.subscribe("a", {}, () => {
      throw new Error("of a handler");
    });
    harness.server.publish("a");
    await settle();
    expect(calls).toBe(1);
    harness.server.publish("a");
    await settle();
    expect(calls).toBe(2);
    expect(harness.client.state).toBe("connected");
  });

  it("needs nobody to listen for errors", async () => {
    const harness = await connected();
    await harness.client.subscribe("a", {}, () => {
      throw new Error("of a handler");
    });
    harness.server.publish("a");
    await settle();
    expect(harness.client.state).toBe("connected");
  });

  it("gives the next event to once, and only that", async () => {
    const harness = new Harness();
    const once = harness.client.once("connected");
    await harness.client.connect();
    await expect(once).resolves.toMatchObject({ sessionPresent: false });
    harness.client.close();
    await harness.client.connect();
  });

  it("logs an answer that nothing waits for", async () => {
    const harness = await connected();
    const events = harness.record("log");
    harness.server.send({ type: "puback", packetIdentifier: 77 });
    await settle();
    expect(events).toMatchObject([{ event: { level: "info", type: "session" } }]);
    expect(events[0]?.event.message).toContain("77");
    expect(harness.client.state).toBe("connected");
  });

  it("shows each packet, both ways, with its size", async () => {
    const harness = new Harness();
    const events = harness.record("packet");
    await harness.client.connect();
    const off = harness.client.on("packet", () => undefined);
    await harness.client.publish("a", "x");
    off();
    expect(events.map(({ event: { direction, packet, bytes } }) => [direction, packet.type, bytes > 0])).toEqual([
      ["out", "connect", true],
      ["in", "connack", true],
      ["out", "publish", true],
    ]);
  });
});
