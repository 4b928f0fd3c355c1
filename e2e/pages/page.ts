/** The page that has Rivulet from a script tag, and tells what happens to it. */
import type { MqttClient } from "rivulet";
import type { Rivulet } from "../scenarios/scenario.ts";
import { Journal, type Happening } from "./journal.ts";
import type { PageGlobals, Plan } from "./page-globals.ts";

declare const rivulet: Rivulet;

const globals = globalThis as unknown as PageGlobals;
const journal = new Journal();
let isAway = false;
let posted: Promise<unknown> = Promise.resolve();
let client: MqttClient | undefined;

function note(name: string, details: Happening["details"] = {}): void {
  const happening = { name, details, atMs: performance.now() };
  journal.add(happening);
  // Whoever drives the page cannot ask it just after it was come back to. In order, and not when there is no point in it;
  // a request under way would keep the page out of the cache.
  const post = { method: "POST", body: JSON.stringify(happening) };
  posted = posted
    .then(() => (isAway || !navigator.onLine ? undefined : fetch(`/journal${location.search}`, post)))
    .catch(() => undefined);
}

// Before the client's own listeners.
addEventListener("pagehide", () => {
  isAway = true;
});
addEventListener("pageshow", ({ persisted }) => {
  isAway = false;
  note("pageshow", { persisted });
});
for (const name of ["online", "offline"]) addEventListener(name, () => note(name));
document.addEventListener("visibilitychange", () => note(document.visibilityState));

globals.start = async ({ url, hasTickets = false, topic, delayMs, ...options }: Plan) => {
  let asked = 0;
  const signIn = async (): Promise<string> => {
    const response = await fetch("/ticket", { method: "POST" });
    const ticket = await response.text();
    asked += 1;
    note("asked", { asked, ticket });
    return `${url}?ticket=${ticket}`;
  };
  client = new rivulet.MqttClient(hasTickets ? signIn : url, { ...options, reconnect: { retry: () => delayMs } });
  client.on("connected", () => note("connected"));
  client.on("reconnecting", (details) => note("reconnecting", { ...details }));
  client.on("packet", ({ direction, packet: { type } }) => note(`${direction} ${type}`));
  client.on("disconnected", ({ error, willReconnect }) => {
    const { closeCode } = error instanceof rivulet.TransportError ? error : {};
    note("disconnected", { name: error?.name, message: error?.message, closeCode, willReconnect });
  });
  await client.connect();
  await client.subscribe(topic, { qos: 1 }, (message) => note("message", { text: message.text() }));
  note("subscribed");
};
globals.until = (name, count) => journal.until(name, count);
globals.posted = async () => {
  await posted;
};
globals.state = () => client?.state ?? "none";
globals.publish = async (topic, text) => {
  await client?.publish(topic, text, { qos: 1 });
};
