import type { ConnectionInfo, ConnectOptions } from "rivulet";

import type { Rivulet } from "../scenarios/scenario.ts";
import type { Failure, Outcome, Specification } from "./specification.ts";

const timeoutMs = 15_000;

/** Does what is asked, on whatever runtime this is. Never rejects. */
export async function perform(rivulet: Rivulet, specification: Specification): Promise<Outcome> {
  const {
    url,
    verifies,
    listenerAccepts,
    payloadBytes = 10,
    pairs = 0,
    times = 1,
    ending = "disconnect",
  } = specification;
  const connections: ConnectionInfo[] = [];
  const tlsStatus: string[] = [];
  const authentications: Outcome["authentications"][number][] = [];
  let roundTrips = true;
  try {
    const options = revive(specification.options) as ConnectOptions;
    const tls = verifies === undefined ? options.tls : { ...options.tls, verifyServerCertificate: () => verifies };
    // The very same objects each time: a session of TLS is kept for them.
    const given = { connectTimeoutMs: timeoutMs, ...options, ...(tls && { tls }) };
    for (let time = 0; time < times; time++) {
      const client = new rivulet.MqttClient(url, given);
      client.on("tlsStatus", ({ message }) => tlsStatus.push(message));
      client.on("tlsServerAuthentication", (event) => {
        const problems = event.problems.map(({ code, isAllowed }) => (isAllowed ? `${code}, allowed` : code));
        authentications.push({ subject: event.certificate.subject, reason: event.reason, problems });
        if (listenerAccepts !== undefined) event.accept = listenerAccepts;
      });
      try {
        await client.connect();
        if (client.connection) connections.push(client.connection);
        roundTrips &&= await roundTrip(client, payloadBytes);
        for (let pair = 0; pair < pairs; pair++) {
          // Where one answers the other, kernels acknowledge late, to do so with the answer.
          await client.publish("options/pairs", "zeroth", { qos: 1 });
          await client.publish("options/pairs", "first");
          await turn();
          await client.publish("options/pairs", "second");
          await turn(45); // The other end has acknowledged by then that it got the first.
        }
      } finally {
        if (ending === "disconnect") await client.disconnect({ timeoutMs });
        client.close();
      }
    }
    return { connections, roundTrips, tlsStatus, authentications };
  } catch (error) {
    return { connections, roundTrips: false, tlsStatus, authentications, error: describe(error) };
  }
}

function turn(delayMs = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

async function roundTrip(client: InstanceType<Rivulet["MqttClient"]>, payloadBytes: number): Promise<boolean> {
  const topic = `options/${Math.random().toString(36).slice(2)}`;
  const messages = await client.subscribe(topic);
  await client.publish(topic, new Uint8Array(payloadBytes).fill(7));
  for await (const { payload } of messages) return payload.length === payloadBytes;
  return false;
}

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "", message: String(error), about: undefined };
  const { name, message, option, feature } = error as Error & { option?: string; feature?: string };
  return { name, message, about: option ?? feature };
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const { $base64 } = value as { $base64?: string };
  if ($base64 !== undefined) return Uint8Array.from(atob($base64), (character) => character.charCodeAt(0));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revive(each)]));
}
