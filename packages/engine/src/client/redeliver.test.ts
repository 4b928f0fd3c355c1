import { describe, expect, it } from "vitest";
import { connected, gate, type Harness, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";

/** A client that reconnects without a delay, to a server that keeps the Session. */
function kept(options: HarnessOptions = {}): Promise<Harness> {
  const answers = { connect: () => [{ type: "connack", sessionPresent: true } as const] };
  const rest = { cleanStart: false, sessionExpiryInterval: 60, reconnect: { retry: (): number => 0 } };
  return connected({
    ...options,
    answers: { ...answers, ...options.answers },
    options: { ...rest, ...options.options },
  });
}

function message(harness: Harness, qos: 0 | 1 | 2, duplicate = false): void {
  const packetIdentifier = qos === 0 ? {} : { packetIdentifier: 9 };
  harness.server.send({
    type: "publish",
    topicName: "a",
    payload: new Uint8Array(0),
    qos,
    duplicate,
    ...packetIdentifier,
  });
}

describe("onHandlerError: redeliver", () => {
  it.each([
    [1, "throws"],
    [1, "rejects"],
    [2, "throws"],
    [2, "rejects"],
  ] as const)(
    "drops the connection unacknowledged at QoS %i when the handler %s, and takes the message anew",
    async (qos, how) => {
      const harness = await kept();
      const events = harness.record("error", "disconnected");
      const seen: boolean[] = [];
      const options = { qos, onHandlerError: "redeliver" } as const;
      await harness.client.subscribe("a", options, ({ duplicate }) => {
        seen.push(duplicate);
        if (seen.length > 1) return;
        if (how === "throws") throw new Error("No");
        return Promise.reject(new Error("No"));
      });
      message(harness, qos);
      await until(() => harness.servers.length === 2);
      expect(harness.servers[0]?.aborted).toBeDefined();
      expect(harness.servers[0]?.received.map(({ type }) => type)).toEqual(["connect", "subscribe"]);
      expect(events).toMatchObject([
        { name: "error", event: { error: { message: "No" } } },
        { name: "disconnected", event: { willReconnect: true, error: { name: "TransportError" } } },
      ]);
      await until(() => harness.client.state === "connected");
      message(harness, qos, true);
      await harness.server.expect(qos === 1 ? "puback" : "pubcomp");
      expect(seen).toEqual([false, true]);
      expect(events).toHaveLength(2);
    },
  );

  it("at QoS 0 only tells of the error", async () => {
    const harness = await kept();
    const errors = harness.record("error");
    await harness.client.subscribe("a", { onHandlerError: "redeliver" }, () => {
      throw new Error("No");
    });
    message(harness, 0);
    await settle();
    expect([errors.length, harness.client.state]).toEqual([1, "connected"]);
  });

  it("works before MQTT 5.0 too", async () => {
    const harness = await kept({ version: 4, options: { sessionExpiryInterval: undefined } });
    let count = 0;
    await harness.client.subscribe("a", { qos: 1, onHandlerError: "redeliver" }, () => {
      count += 1;
      if (count === 1) throw new Error("No");
    });
    message(harness, 1);
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    message(harness, 1, true);
    await harness.server.expect("puback");
    expect(count).toBe(2);
  });

  it("wins over other consumers of the message, whoever is done first", async () => {
    const harness = await kept();
    const work = gate();
    let count = 0;
    await harness.client.subscribe("a", { qos: 2, onHandlerError: "redeliver" }, async () => {
      await work.promise;
      count += 1;
      if (count === 1) throw new Error("No");
    });
    let others = 0;
    await harness.client.subscribe("a", { qos: 2 }, () => {
      others += 1;
    });
    message(harness, 2);
    await settle();
    expect([harness.server.all("pubrec"), others]).toEqual([[], 1]);
    work.open();
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    message(harness, 2, true);
    await harness.server.expect("pubcomp");
    expect([count, others]).toEqual([2, 2]);
  });

  it("does nothing to a message that was acknowledged by hand before", async () => {
    const harness = await kept();
    await harness.client.subscribe("a", { qos: 1, ack: "manual", onHandlerError: "redeliver" }, (one) => {
      one.acknowledge();
      throw new Error("No");
    });
    message(harness, 1);
    await harness.server.expect("puback");
    await settle();
    expect(harness.client.state).toBe("connected");
  });

  it("takes along what came in one chunk with it, and was not handed over", async () => {
    const harness = await kept();
    const seen: string[] = [];
    await harness.client.subscribe("#", { qos: 2, onHandlerError: "redeliver" }, ({ topic }) => {
      seen.push(topic);
      if (seen.length === 1) throw new Error("No");
    });
    const messages = (["a", "b"] as const).map((topicName, index) => {
      return { type: "publish", topicName, payload: new Uint8Array(0), qos: 2, packetIdentifier: index + 1 } as const;
    });
    harness.server.sendTogether(...messages);
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    harness.server.sendTogether(...messages.map((each) => ({ ...each, duplicate: true })));
    await harness.server.expect("pubcomp", 2);
    expect(seen).toEqual(["a", "a", "b"]);
  });

  it("takes along what else is under way: it comes again too, and QoS 2 once", async () => {
    const harness = await kept();
    const work = gate();
    let patient = 0;
    await harness.client.subscribe("b", { qos: 2 }, async () => {
      patient += 1;
      await work.promise;
    });
    await harness.client.subscribe("a", { qos: 1, onHandlerError: "redeliver" }, ({ duplicate }) => {
      if (!duplicate) throw new Error("No");
    });
    harness.server.publish("b", "", { qos: 2, packetIdentifier: 1 });
    await until(() => patient === 1);
    message(harness, 1);
    await until(() => harness.servers.length === 2 && harness.client.state === "connected");
    harness.server.publish("b", "", { qos: 2, packetIdentifier: 1, duplicate: true });
    message(harness, 1, true);
    work.open();
    await harness.server.expect("pubcomp");
    await harness.server.expect("puback");
    expect(patient).toBe(1);
  });
});
