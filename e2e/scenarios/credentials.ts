import type { MqttClient } from "rivulet";

import { equal, ok, oneOf, rejection } from "./expect.ts";
import type { Cell, Scenario } from "./scenario.ts";

export const credentials: readonly Scenario[] = [
  {
    name: "credentials: as options",
    async run({ connect, rivulet, guardedUrl, protocolVersion, own, credentials: known }) {
      const client = own(await rivulet.connect(guardedUrl, { protocolVersion, ...known }));
      equal(client.state, "connected", "state");
      const bytes = new TextEncoder().encode(known.password);
      own(await rivulet.connect(guardedUrl, { protocolVersion, username: known.username, password: bytes }));
      await connect(known); // a server that does not ask takes them as well
    },
  },
  {
    name: "credentials: percent-encoded in the URL, and nowhere else",
    async run(context) {
      const { rivulet, guardedUrl, protocolVersion, own, credentials: known } = context;
      const client = own(new rivulet.MqttClient(withCredentials(guardedUrl, known), { protocolVersion }));
      const seen = record(client);
      await client.connect();
      await client.publish("e2e/taken", "", { qos: 1 });
      ok(
        seen.some((entry) => entry.startsWith("packet ")),
        "No packet event was seen",
      );
      noSecret([...seen, text(client.connection), text(client.server)], known);
      await client.disconnect();
      noSecret(seen, known);
    },
  },
  {
    name: "credentials: wrong password",
    async run(context) {
      const { rivulet, protocolVersion, guardedUrl, own, credentials: known } = context;
      const wrong = { ...known, password: `${known.password}!` };
      const client = own(new rivulet.MqttClient(guardedUrl, { protocolVersion, ...wrong }));
      const seen = record(client);
      const error = await rejection(client.connect(), rivulet.ConnectionRefusedError, "connecting");
      checkRefusal(error, context);
      noSecret([...seen, text(error)], { password: wrong.password });
    },
  },
  {
    name: "credentials: wrong password in the URL",
    async run(context) {
      const { rivulet, guardedUrl, protocolVersion, credentials: known } = context;
      const url = withCredentials(guardedUrl, { ...known, password: `${known.password}!` });
      const attempt = rivulet.connect(url, { protocolVersion });
      const error = await rejection(attempt, rivulet.ConnectionRefusedError, "connecting");
      checkRefusal(error, context);
      noSecret([text(error)], known);
    },
  },
  {
    name: "credentials: none where they are asked for",
    async run(context) {
      const { rivulet, guardedUrl, protocolVersion } = context;
      const attempt = rivulet.connect(guardedUrl, { protocolVersion });
      checkRefusal(await rejection(attempt, rivulet.ConnectionRefusedError, "connecting"), context);
    },
  },
  {
    name: "credentials: never shown when there is no server",
    async run(context) {
      const { rivulet, nowhereUrl, protocolVersion, credentials: known } = context;
      const url = withCredentials(nowhereUrl, known);
      const error = await rejection(rivulet.connect(url, { protocolVersion }), rivulet.TransportError, "connecting");
      noSecret([text(error)], known);
    },
  },
  {
    name: "publish where the server does not allow it",
    async run({ rivulet, guardedUrl, protocolVersion, own, credentials: known }) {
      const client = own(await rivulet.connect(guardedUrl, { protocolVersion, ...known }));
      const attempt = client.publish("elsewhere/topic", "unwanted", { qos: 1 });
      if (protocolVersion === 4) {
        await attempt; // 3.1.1 has no way to say no
        return;
      }
      const error = await rejection(attempt, rivulet.PublishError, "publishing");
      equal(error.reasonCode, 0x87, "reason code");
      // Nothing about the connection: mosquitto 2.0 ends it afterwards when it is a WebSocket.
    },
  },
];

function withCredentials(url: string, { username, password }: Cell["credentials"]): string {
  return url.replace("://", `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}

/** Bad user name or password, or not authorized: 4 and 5 in 3.1.1, 0x86 and 0x87 in 5.0. */
function checkRefusal(
  { reasonCode, message }: Error & { reasonCode?: number | undefined },
  { protocolVersion }: Cell,
): void {
  oneOf(reasonCode, protocolVersion === 5 ? [0x86, 0x87] : [4, 5], "reason code");
  ok(/bad user name or password|not authori[sz]ed/i.test(message), `The message does not say why: ${message}`);
}

/** Everything that the client tells its listeners, as text. */
function record(client: MqttClient): string[] {
  const seen: string[] = [];
  client.on("log", (event) => seen.push(`log ${text(event)}`));
  client.on("packet", (event) => seen.push(`packet ${text(event)}`));
  client.on("error", (event) => seen.push(`error ${text(event)}`));
  client.on("connected", (event) => seen.push(`connected ${text(event)}`));
  client.on("disconnected", (event) => seen.push(`disconnected ${text(event)}`));
  client.on("connectionStatus", (event) => seen.push(`connectionStatus ${text(event)}`));
  return seen;
}

/** A value with all that is in it: own properties, an error's message, stack and causes, the text of bytes. */
function text(value: unknown, depth = 0): string {
  if (depth > 8 || typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  const names = new Set([
    ...Object.keys(value),
    ...(value instanceof Error ? ["name", "message", "stack", "cause"] : []),
  ]);
  return [...names].map((name) => `${name}: ${text(Reflect.get(value, name), depth + 1)}`).join("\n");
}

/** A user name that came in the URL is as secret as a password. */
function noSecret(texts: readonly string[], credentials: Readonly<Record<string, string>>): void {
  const secrets = Object.values(credentials).flatMap((each) => [each, encodeURIComponent(each), encodeURI(each)]);
  for (const each of texts) {
    ok(!secrets.some((secret) => each.includes(secret)), `Credentials are shown: ${each}`);
  }
}
