import { describe, expect, it } from "vitest";
import { connected, gate } from "../../testing/client-harness.ts";
import { settle } from "../../testing/virtual-environment.ts";
import type { Reply } from "./responder.ts";
import { topicPattern } from "./topic-pattern.ts";

const correlationData = new Uint8Array([1, 2, 3]);
const properties = { responseTopic: "answers", correlationData };

/** The text of a payload. */
const text = (payload: Uint8Array | undefined): string => new TextDecoder().decode(payload);

describe("respond", () => {
  it("publishes what the handler returns to the Response Topic, with the Correlation Data", async () => {
    const { client, server } = await connected();
    const subscription = await client.respond("service", (request) => `re: ${request.text()}`, { qos: 2 });
    expect(subscription.filters).toEqual(["service"]);
    server.publish("service", "a", { properties });
    const response = await server.expect("publish");
    expect(response).toMatchObject({ topicName: "answers", qos: 0, properties: { correlationData } });
    expect(text(response.payload)).toBe("re: a");
    server.publish("service", "b", { properties: { responseTopic: "elsewhere" }, qos: 2 });
    const other = await server.expect("publish", 2);
    expect(other).toMatchObject({ topicName: "elsewhere", qos: 2 });
    expect(other.properties?.correlationData).toBeUndefined();
  });

  it("publishes with the options that the handler returns", async () => {
    const { client, server } = await connected();
    const replies: Reply[] = [
      { payload: new Uint8Array([0x31]), qos: 1, contentType: "text/plain" },
      { payload: new Blob(["2"]), responseTopic: "next" },
    ];
    await client.respond("service", async () => replies.shift());
    for (let count = 0; count < 3; count += 1) server.publish("service", "", { properties });
    const [one, other] = [await server.expect("publish"), await server.expect("publish", 2)];
    expect(one).toMatchObject({ qos: 1, properties: { contentType: "text/plain", correlationData } });
    expect(other).toMatchObject({ qos: 0, properties: { responseTopic: "next", correlationData } });
    expect([text(one.payload), text(other.payload)]).toEqual(["1", "2"]);
    await settle();
    expect(server.all("publish")).toHaveLength(2); // The third handler has returned nothing.
  });

  it("hands over what asks for no response, and does not answer it", async () => {
    const { client, server } = await connected();
    const seen: string[] = [];
    await client.respond(topicPattern("service/{name}"), ({ params }) => {
      seen.push(params.name);
      return "unheard";
    });
    server.publish("service/a", "");
    await settle();
    expect(seen).toEqual(["a"]);
    expect(server.all("publish")).toHaveLength(0);
  });

  it("acknowledges a request when its response has been published", async () => {
    const { client, server } = await connected({ answers: { publish: () => [] } });
    const work = gate<string>();
    await client.respond("service", () => work.promise, { qos: 1 });
    server.publish("service", "", { qos: 1, properties });
    await settle();
    work.open("done");
    const { packetIdentifier = 0 } = await server.expect("publish");
    await settle();
    expect(server.all("puback")).toHaveLength(0);
    server.send({ type: "puback", packetIdentifier });
    await server.expect("puback");
  });

  it.each<[string, () => Reply]>([
    [
      "a handler that throws",
      () => {
        throw new Error("no");
      },
    ],
    ["a response that cannot be published", () => ({ payload: "", messageExpiryInterval: -1 })],
  ])("%s goes the way of onHandlerError", async (_, handler) => {
    const harness = await connected();
    const { client, server } = harness;
    const events = harness.record("error");
    await client.respond("service", handler, { qos: 1, onHandlerError: "reject" });
    server.publish("service", "", { qos: 1, properties });
    expect(await server.expect("puback")).toMatchObject({ reasonCode: 0x80 });
    expect(events).toHaveLength(1);
    expect(server.all("publish")).toHaveLength(0);
  });

  it("answers requests of the same client", async () => {
    const { client, server } = await connected();
    // A server that passes on everything.
    server.answers.publish = ({ topicName, payload, properties: own = {} }) => [
      { type: "publish", topicName, payload, properties: own },
    ];
    await client.respond("sum", (request) => {
      const [one, other] = request.json<[number, number]>();
      return JSON.stringify(one + other);
    });
    const responses = await Promise.all([1, 2, 3].map((one) => client.request("sum", JSON.stringify([one, 10]))));
    expect(responses.map((response) => response.json())).toEqual([11, 12, 13]);
  });
});
