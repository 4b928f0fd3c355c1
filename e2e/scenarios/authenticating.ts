import { equal, ok, rejection } from "./expect.ts";
import { take } from "./messages.ts";
import type { Scenario, ScenarioContext } from "./scenario.ts";

/** What needs enhanced authentication of the broker. */
function scenario(name: string, run: (context: ScenarioContext, url: string) => Promise<void>): Scenario {
  return {
    name: `authentication: ${name}`,
    protocolVersions: [5],
    needsScram: true,
    run: (context) => run(context, context.scramUrl ?? ""), // It is not run without.
  };
}

export const authenticating: readonly Scenario[] = [
  scenario("SCRAM-SHA-256, and again", async ({ rivulet, scram, own, credentials, topic }, url) => {
    const client = own(new rivulet.MqttClient(url, { authenticator: scram(credentials) }));
    const packets: string[] = [];
    client.on("packet", ({ direction, packet }) => {
      packets.push(`${direction} ${packet.type}`);
      ok(!JSON.stringify(packet).includes("authenticationData"), `Data of ${packet.type} are shown`);
    });
    await client.connect();
    equal(packets, ["out connect", "in auth", "out auth", "in connack"], "packets");
    const subscription = await client.subscribe(topic, { qos: 1 });
    const before = packets.length;
    // Nothing else meanwhile: mosquitto 2.0 ends a connection on which anything but AUTH comes until it is done.
    await client.reauthenticate();
    equal(packets.slice(before), ["out auth", "in auth", "out auth", "in auth"], "packets of a re-authentication");
    await client.publish(topic, "authenticated", { qos: 1 });
    const [message] = await take(subscription, 1);
    equal(message?.text(), "authenticated", "payload");
    await client.disconnect();
  }),
  scenario("a wrong password", async ({ rivulet, scram, credentials }, url) => {
    const authenticator = scram({ ...credentials, password: `${credentials.password}!` });
    const attempt = rivulet.connect(url, { authenticator });
    const error = await rejection(attempt, rivulet.ConnectionRefusedError, "connecting");
    equal(error.reasonCode, 0x87, "reason code");
  }),
  scenario("a server that does not know the password", async (context, url) => {
    const { rivulet, scram, credentials, deceivedUsername, own } = context;
    const authenticator = scram({ ...credentials, username: deceivedUsername });
    const client = own(new rivulet.MqttClient(url, { authenticator }));
    let isConnected = false;
    client.on("connected", () => (isConnected = true));
    const error = await rejection(client.connect(), rivulet.AuthenticationError, "connecting");
    // On a page with a script tag `rivulet/scram` has error classes of its own.
    const { message } = (error.cause ?? error) as Error;
    ok(message.includes("signature"), `The message does not say why: ${message}`);
    equal([client.state, isConnected], ["closed", false], "state, and whether it was connected");
  }),
  scenario("a method that the server does not know", async ({ rivulet, scram, credentials }, url) => {
    const authenticator = scram({ ...credentials, algorithm: "SCRAM-SHA-512" });
    const attempt = rivulet.connect(url, { authenticator });
    const error = await rejection(attempt, rivulet.ConnectionRefusedError, "connecting");
    equal(error.reasonCode, 0x8c, "reason code");
  }),
  scenario("none where it is asked for", async ({ rivulet }, url) => {
    const error = await rejection(rivulet.connect(url), rivulet.ConnectionRefusedError, "connecting");
    ok(error.reasonCode === 0x87 || error.reasonCode === 0x86, `The reason code is ${error.reasonCode}`);
  }),
];
