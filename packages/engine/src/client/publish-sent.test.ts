import { describe, expect, it } from "vitest";
import { connected, watch } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import { ClosedError, PublishError } from "../errors.ts";

const sent = { until: "sent", qos: 1 } as const;

describe("publish until sent", () => {
  it("resolves when the transport has the message, before the server answers", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b", sent));
    await settle();
    expect(published.state).toBe("pending");
    harness.server.resume();
    await settle();
    expect(published.value).toEqual({ packetId: 1, reasonCode: 0, reasonString: undefined, userProperties: [] });
    expect(harness.client.inflight.outgoing).toHaveLength(1);
  });

  it("of a message that waits for quota resolves when it has left", async () => {
    const harness = await connected({ options: { maxInflight: 1 }, answers: { publish: () => [] } });
    harness.client.publish("a", "1", { qos: 1 }).catch(() => undefined);
    const published = watch(harness.client.publish("a", "2", sent));
    await settle();
    expect(published.state).toBe("pending");
    harness.server.send({ type: "puback", packetIdentifier: 1 });
    await settle();
    expect(published.value).toMatchObject({ packetId: 2 });
  });

  it("of a message that was lost with its connection waits for the next", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    harness.server.stall();
    const published = watch(harness.client.publish("a", "b", sent));
    await settle();
    harness.answers = { connect: () => [{ type: "connack", sessionPresent: true }], publish: () => [] };
    harness.server.end();
    await settle();
    expect(published.state).toBe("pending");
    await harness.environment.advance(60_000);
    expect(published.value).toMatchObject({ packetId: 1 });
    expect(harness.server.all("publish").at(-1)?.duplicate).toBe(true);
  });

  it("at QoS 0 is the default", async () => {
    const harness = await connected();
    await expect(harness.client.publish("a", "b", { until: "sent" })).resolves.toMatchObject({ packetId: undefined });
  });

  it("tells of what the server says against it later as an error", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const errors: unknown[] = [];
    harness.client.on("error", ({ error }) => errors.push(error));
    await harness.client.publish("a", "b", sent);
    harness.server.send({ type: "puback", packetIdentifier: 1, reasonCode: 0x87 });
    await settle();
    expect(errors).toEqual([expect.any(PublishError)]);
  });

  it("was sent when the server has refused it, whatever the transport says", async () => {
    const harness = await connected({
      answers: { publish: ({ packetIdentifier = 0 }) => [{ type: "puback", packetIdentifier, reasonCode: 0x87 }] },
    });
    const errors: unknown[] = [];
    harness.client.on("error", ({ error }) => errors.push(error));
    await expect(harness.client.publish("a", "b", sent)).resolves.toMatchObject({ packetId: 1 });
    await settle();
    expect(errors).toEqual([expect.any(PublishError)]);
  });

  it("rejects when the client is closed before", async () => {
    const harness = await connected({ options: { maxInflight: 1 }, answers: { publish: () => [] } });
    harness.client.publish("a", "1", { qos: 1 }).catch(() => undefined);
    const published = watch(harness.client.publish("a", "2", sent));
    harness.client.close();
    await settle();
    expect(published.error).toBeInstanceOf(ClosedError);
  });
});

describe("subscribe without identify", () => {
  it("gives no Subscription Identifier", async () => {
    const harness = await connected();
    await harness.client.subscribe("a");
    await harness.client.subscribe("b", { identify: false });
    await harness.client.subscribe("c", { identify: false, identifier: 7 });
    const identifiers = harness.server.all("subscribe").map(({ properties }) => properties?.subscriptionIdentifier);
    expect(identifiers).toEqual([268_435_455, undefined, 7]);
  });
});
