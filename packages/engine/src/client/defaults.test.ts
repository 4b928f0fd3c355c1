import { describe, expect, it } from "vitest";
import { connected, Harness, watch } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { QueueFullError } from "../errors.ts";

const megabyte = 1024 * 1024;

/** What no table of options shows: what a client does whose user has said nothing. */
describe("by default", () => {
  it("disconnect waits for 10 s", async () => {
    const harness = await connected({ answers: { publish: () => [] } });
    const publishing = watch(harness.client.publish("a", "", { qos: 1 }));
    const disconnecting = watch(harness.client.disconnect());
    await harness.environment.advance(9999);
    expect([publishing.state, disconnecting.state, harness.server.all("disconnect")]).toEqual([
      "pending",
      "pending",
      [],
    ]);
    await harness.environment.advance(1);
    await harness.server.expect("disconnect");
    await settle();
    expect([publishing.state, disconnecting.state]).toEqual(["rejected", "fulfilled"]);
  });

  it("16 MiB may wait to be sent", async () => {
    const { client } = new Harness();
    const publish = (length: number): { error?: unknown } =>
      watch(client.publish("a", new Uint8Array(length), { qos: 1 }));
    const taken = Array.from({ length: 15 }, () => publish(megabyte));
    taken.push(publish(megabyte - 1000));
    const refused = publish(1000);
    await settle();
    expect(taken.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(refused.error).toBeInstanceOf(QueueFullError);
    client.close();
  });

  it("256 messages at QoS 0 wait for a subscription's consumer, and reading pauses", async () => {
    const { client, server } = await connected();
    const subscription = await client.subscribe("a");
    for (let count = 0; count < 300; count += 1) server.publish("a");
    await until(() => subscription.buffered >= 256);
    await settle();
    expect([subscription.buffered, subscription.dropped]).toEqual([256, 0]);
    expect(server.unread).toBeGreaterThan(0);
    client.close();
  });

  it.each([
    [5, 1000],
    [4, 20],
  ] as const)("as many messages are under way, in version %i, as %i", async (version, most) => {
    const { client, server } = await connected({ version, answers: { publish: () => [] } });
    for (let count = 0; count < most + 1; count += 1) client.publish("a", "", { qos: 1 }).catch(() => undefined);
    await server.expect("publish", most);
    await settle();
    expect(server.all("publish")).toHaveLength(most);
    client.close();
  });
});
