import type { ControlPacketInput, PublishPacket } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { connected, gate, Harness, watch, type HarnessOptions } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import {
  ClosedError,
  InvalidOptionError,
  InvalidTopicError,
  NotConnectedError,
  PublishError,
  SubscribeError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";

const decoder = new TextDecoder();

/** The response to a request, as a server sends it. */
function responseTo({ payload, properties = {} }: PublishPacket): ControlPacketInput {
  const { responseTopic = "", correlationData = new Uint8Array(0) } = properties;
  const answer = new TextEncoder().encode(`re: ${decoder.decode(payload)}`);
  return { type: "publish", topicName: responseTopic, payload: answer, properties: { correlationData } };
}

/** Responds to every request at once. */
const responding: HarnessOptions = { answers: { publish: (packet) => [responseTo(packet)] } };

describe("request", () => {
  it("resolves to the response", async () => {
    const { client, server } = await connected(responding);
    const response = await client.request("service", "hello", { contentType: "text/plain" });
    expect(response.text()).toBe("re: hello");
    const [subscribe] = server.all("subscribe");
    const [request] = server.all("publish");
    expect(subscribe).toMatchObject({ subscriptions: [{ topicFilter: request?.properties?.responseTopic, qos: 1 }] });
    expect(request).toMatchObject({ topicName: "service", qos: 0, properties: { contentType: "text/plain" } });
    expect(request?.properties?.responseTopic).toMatch(/^responses\/rivulet\w{16}\/rivulet\w{16}$/);
    expect(request?.properties?.correlationData?.length).toBeGreaterThan(16);
  });

  it("shares one subscription, and finds the response to each of many, in whatever order they come", async () => {
    const { client, server } = await connected();
    const texts = ["a", "b", "c"];
    const responses = texts.map((text) => client.request("service", text));
    await server.expect("publish", 3);
    server.send(...server.all("publish").reverse().map(responseTo));
    expect((await Promise.all(responses)).map((response) => response.text())).toEqual(["re: a", "re: b", "re: c"]);
    expect(server.all("subscribe")).toHaveLength(1);
    const later = client.request("service", "d");
    server.send(responseTo(await server.expect("publish", 4)));
    expect((await later).text()).toBe("re: d");
    expect(server.all("subscribe")).toHaveLength(1);
  });

  it("uses the server's Response Information", async () => {
    for (const [responseInformation, topic] of [
      ["granted/to/us", /^granted\/to\/us\/rivulet\w{16}$/],
      ["granted/", /^granted\/rivulet\w{16}$/],
    ] as const) {
      const { client, server } = await connected({
        options: { requestResponseInformation: true },
        answers: { ...responding.answers, connect: () => [{ type: "connack", properties: { responseInformation } }] },
      });
      const { topic: responseTopic } = await client.request("service", "hello");
      expect(responseTopic).toMatch(topic);
      expect(server.all("connect")[0]?.properties).toMatchObject({ requestResponseInformation: 1 });
    }
  });

  it("has a Response Topic whatever the client identifier is", async () => {
    const { client } = await connected({ ...responding, options: { clientId: "a/+#ß" } });
    expect((await client.request("service", "hello")).topic).toMatch(/^responses\/a%2F%2B%23%C3%9F\/rivulet\w{16}$/);
  });

  it("takes a Response Topic of the user's, until it is unsubscribed from", async () => {
    const { client, server } = await connected(responding);
    const options = { responseTopic: "answers/here" };
    expect((await client.request("service", "a", options)).topic).toBe("answers/here");
    expect((await client.request("service", "b", options)).topic).toBe("answers/here");
    expect(server.all("subscribe")).toMatchObject([{ subscriptions: [{ topicFilter: "answers/here" }] }]);
    await client.unsubscribe("answers/here");
    expect((await client.request("service", "c", options)).text()).toBe("re: c");
    expect(server.all("subscribe")).toHaveLength(2);
  });

  it("ignores and acknowledges a response to nothing, and one that comes twice", async () => {
    const { client, server } = await connected();
    const response = client.request("service", "hello");
    const request = await server.expect("publish");
    const topicName = request.properties?.responseTopic ?? "";
    server.publish(topicName, "none", { qos: 1 });
    for (const correlationData of [new Uint8Array([0xff]), new TextEncoder().encode("rivulet-1")]) {
      server.publish(topicName, "another's", { qos: 1, properties: { correlationData } });
    }
    await server.expect("puback", 3);
    server.send(responseTo(request), responseTo(request));
    expect((await response).text()).toBe("re: hello");
    await settle();
    expect(client.state).toBe("connected");
  });

  it("waits for its response for operationTimeoutMs, or timeoutMs, from sending on", async () => {
    const harness = await connected({ options: { operationTimeoutMs: 700 } });
    const { client, server, environment } = harness;
    const answer = gate();
    server.answers.subscribe = ({ packetIdentifier }) => {
      void answer.promise.then(() => server.send({ type: "suback", packetIdentifier, reasonCodes: [1] }));
      return [];
    };
    const impatient = watch(client.request("service", "a", { timeoutMs: 50, qos: 1 }));
    const patient = watch(client.request("service", "b"));
    await environment.advance(500);
    expect(impatient.state).toBe("pending"); // It has not been sent.
    answer.open();
    await server.expect("publish", 2);
    await environment.advance(49);
    expect(impatient.state).toBe("pending");
    await environment.advance(1);
    expect(impatient.error).toBeInstanceOf(TimeoutError);
    expect(impatient.error).toMatchObject({ message: "request took longer than 50 ms" });
    await environment.advance(649);
    expect(patient.state).toBe("pending");
    await environment.advance(1);
    expect(patient.error).toMatchObject({ timeoutMs: 700 });
    // It comes too late.
    server.send(...server.all("publish").map(responseTo));
    await settle();
    expect(client.state).toBe("connected");
  });

  it.each([
    ["before anything is sent", 0],
    ["while it waits for its subscription", 1],
    ["while it waits for the response", 2],
  ])("ends when its signal is aborted %s", async (_, stage) => {
    const { client, server } = await connected();
    if (stage === 1) server.answers.subscribe = () => [];
    const controller = new AbortController();
    const reason = new Error("enough");
    if (stage === 0) controller.abort(reason);
    const response = watch(client.request("service", "a", { signal: controller.signal }));
    await settle();
    expect(server.all("publish")).toHaveLength(stage === 2 ? 1 : 0);
    expect(server.all("subscribe")).toHaveLength(stage === 0 ? 0 : 1);
    controller.abort(reason);
    await settle();
    expect(response.error).toBe(reason);
    for (const { packetIdentifier } of stage === 1 ? server.all("subscribe") : []) {
      server.send({ type: "suback", packetIdentifier, reasonCodes: [1] });
    }
    await settle();
    expect(server.all("publish")).toHaveLength(stage === 2 ? 1 : 0);
  });

  it("takes back a request that waits to be sent", async () => {
    const { client, server } = await connected({
      answers: {
        connect: () => [{ type: "connack", properties: { receiveMaximum: 1 } }],
        publish: () => [],
      },
    });
    void client.publish("other", "", { qos: 1 });
    const controller = new AbortController();
    const response = watch(client.request("service", "a", { qos: 1, signal: controller.signal }));
    await server.expect("subscribe");
    await settle();
    controller.abort();
    await settle();
    expect(response.state).toBe("rejected");
    server.send({ type: "puback", packetIdentifier: 1 });
    await settle();
    expect(server.all("publish").map(({ topicName }) => topicName)).toEqual(["other"]);
  });

  it("rejects with what keeps it from being sent", async () => {
    const { client, server } = await connected();
    await expect(client.request("service", "a", { responseTopic: "a/+" })).rejects.toThrow(InvalidTopicError);
    await expect(client.request("service", "a", { timeoutMs: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(client.request("service/#", "a")).rejects.toThrow(InvalidTopicError);
    server.answers.publish = ({ packetIdentifier = 0 }) => [{ type: "puback", packetIdentifier, reasonCode: 0x87 }];
    await expect(client.request("service", "a", { qos: 1 })).rejects.toThrow(PublishError);
    await expect(new Harness().client.request("service", "a")).rejects.toThrow(NotConnectedError);
  });

  it("subscribes again after it was refused", async () => {
    const { client, server } = await connected(responding);
    let reasonCode = 0x87;
    server.answers.subscribe = ({ packetIdentifier }) => [
      { type: "suback", packetIdentifier, reasonCodes: [reasonCode] },
    ];
    await expect(client.request("service", "a")).rejects.toThrow(SubscribeError);
    reasonCode = 1;
    expect((await client.request("service", "b")).text()).toBe("re: b");
  });

  it("needs MQTT 5.0", async () => {
    const { client, server } = await connected({ version: 4 });
    await expect(client.request("service", "a")).rejects.toThrow(UnsupportedError);
    await expect(client.respond("service", () => "b")).rejects.toThrow(UnsupportedError);
    expect(server.received).toHaveLength(1);
  });

  it("rejects when the client is closed, and works when it is connected anew", async () => {
    const harness = await connected();
    const { client, server, environment } = harness;
    const waiting = watch(client.request("service", "a"));
    await server.expect("publish");
    client.close();
    await settle();
    expect(waiting.error).toBeInstanceOf(ClosedError);
    expect(environment.pendingTimers).toBe(0);
    harness.answers = responding.answers ?? {};
    await client.connect();
    expect((await client.request("service", "b")).text()).toBe("re: b");
    expect(harness.server.all("subscribe")).toHaveLength(1);
  });

  it("goes on after a reconnect, and subscribes again when the server has lost the subscription for good", async () => {
    const harness = await connected(responding);
    const { client, environment } = harness;
    await client.request("service", "a");
    // A server that has kept nothing is asked again, and the next one refuses.
    for (const [reasonCodes, asked] of [
      [[1], 1],
      [[0x87], 2],
    ] as const) {
      let isFirst = true;
      harness.answers = {
        ...responding.answers,
        subscribe: ({ packetIdentifier }) => {
          const answer = isFirst ? reasonCodes : [1];
          isFirst = false;
          return [{ type: "suback", packetIdentifier, reasonCodes: [...answer] }];
        },
      };
      harness.server.lose(new Error("broken"));
      await settle();
      const response = client.request("service", "b");
      const server = harness.nextServer();
      await environment.advance(60_000);
      await server;
      expect((await response).text()).toBe("re: b");
      await settle();
      await client.request("service", "c");
      expect(harness.server.all("subscribe")).toHaveLength(asked);
    }
  });

  it("tells why the client is closed", async () => {
    const { client, server } = await connected({ options: { reconnect: false } });
    const waiting = watch(client.request("service", "a"));
    await server.expect("publish");
    server.lose(new Error("broken"));
    await settle();
    expect(waiting.error).toBeInstanceOf(ClosedError);
    expect((waiting.error as ClosedError).cause).toBeInstanceOf(TransportError);
  });
});
