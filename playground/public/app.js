/**
 * The playground: wires the connection to what is seen.
 *
 * Messages only change state (bounded: rings and capped maps); drawing happens once a frame, however many messages came.
 * A hidden tab draws nothing and loses nothing that it would still show.
 */
import { Chart } from "./chart.js";
import { Connection } from "./connection.js";
import { byId, setText } from "./dom.js";
import { setUpConnectForm, setUpPublishForm, setUpSubscribeForm, setUpSubscriptionList } from "./forms.js";
import { History } from "./history.js";
import { LogView } from "./log-view.js";
import { chartMetrics } from "./metrics.js";
import { Palette } from "./palette.js";
import { describePayload } from "./payload.js";
import { RoomsView } from "./rooms-view.js";

/** Seconds over which the rate of messages is averaged. */
const rateSeconds = 5;

/** @type {Readonly<Record<number, string>>} */
const versionNames = { 3: "MQTT 3.1", 4: "MQTT 3.1.1", 5: "MQTT 5.0" };

/** @type {Readonly<Record<import("./connection.js").StateName, string>>} */
const stateTexts = {
  idle: "Not connected",
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Connection lost",
  disconnecting: "Disconnecting…",
  failed: "Not connected",
};

/** What the demo's server tells; a page that was opened without it starts unconnected. */
const demo = await readDemoSettings();

const palette = new Palette();
const history = new History(chartMetrics);
const rooms = new RoomsView(byId("rooms", HTMLElement), byId("rooms-empty", HTMLElement), palette);
const log = new LogView(byId("log-rows", HTMLElement), byId("log-empty", HTMLElement));
const chart = new Chart(
  {
    canvas: byId("chart-canvas", HTMLCanvasElement),
    tooltip: byId("tooltip", HTMLElement),
    legend: byId("legend", HTMLElement),
    empty: byId("chart-empty", HTMLElement),
  },
  history,
  palette,
);

const house = { clock: "", status: "" };
let received = 0;
/** @type {number[]} how many had been received, each second, newest last */
const receivedBySecond = [0];
let subscriptionsChanged = true;

const connection = new Connection({
  state: showState,
  message: receive,
  subscriptions: () => {
    subscriptionsChanged = true;
  },
  error: showError,
});
const connectForm = setUpConnectForm(connection, showError);
setUpPublishForm(connection, ({ topic, payload, qos, retain }) => {
  const bytes = new TextEncoder().encode(payload);
  log.add({ time: new Date(), direction: "sent", topic, payload: bytes, qos, retain, duplicate: false });
});
setUpSubscribeForm(connection, showError);
const renderSubscriptions = setUpSubscriptionList(connection, showError);
setUpControls();
setInterval(everySecond, 1_000);
requestAnimationFrame(frame);

if (demo === undefined) {
  showState("idle", {});
} else {
  await connectForm.connectTo(demo.url);
  if (connection.state === "connected") {
    connection.subscribe(demo.filter, 1).catch((/** @type {unknown} */ error) => {
      showError(String(error));
    });
  }
}

/** @param {import("rivulet").Message} message */
function receive(message) {
  received += 1;
  log.add({
    time: new Date(),
    direction: "received",
    topic: message.topic,
    payload: message.payload,
    qos: message.qos,
    retain: message.retain,
    duplicate: message.duplicate,
  });
  const [root, floor, room, metric, ...more] = message.topic.split("/");
  if (root !== "home" || floor === undefined || more.length > 0) return;
  const text = message.payload.length === 0 ? "" : describePayload(message.payload);
  if (room === undefined && (floor === "clock" || floor === "status")) house[floor] = text;
  if (room === undefined || metric === undefined) return;
  rooms.update({ floor, room, metric }, text);
  if (text !== "") history.add(metric, `${floor}/${room}`, performance.now(), Number(text));
}

function frame() {
  rooms.render();
  chart.render(performance.now());
  log.render();
  const facts = connection.state === "connected" ? [house.clock, house.status].filter(Boolean) : [];
  setText(byId("fact-house", HTMLElement), facts.join(", ") || "–");
  if (subscriptionsChanged) renderSubscriptions();
  subscriptionsChanged = false;
  requestAnimationFrame(frame);
}

function everySecond() {
  receivedBySecond.push(received);
  if (receivedBySecond.length > rateSeconds + 1) receivedBySecond.shift();
  const rate = (received - (receivedBySecond[0] ?? 0)) / Math.max(1, receivedBySecond.length - 1);
  const text = received === 0 ? "–" : `${received.toLocaleString("en")} (${rate.toFixed(0)}/s)`;
  setText(byId("fact-messages", HTMLElement), text);
  subscriptionsChanged = true;
}

/**
 * @param {import("./connection.js").StateName} state
 * @param {import("./connection.js").StateDetail} detail
 */
function showState(state, { reason = "", next }) {
  const connected = state === "connected";
  byId("state", HTMLElement).dataset["state"] = state;
  const soon = next && `Reconnecting: attempt ${next.attempt} in ${(next.delayMs / 1_000).toFixed(1)} s`;
  setText(byId("state-text", HTMLElement), soon ?? stateTexts[state]);
  if (reason !== "") showError(reason);
  else if (connected) hideError();
  byId("reconnect", HTMLElement).hidden = state !== "reconnecting" && state !== "failed";
  byId("disconnect", HTMLButtonElement).disabled = state === "idle" || state === "failed" || state === "disconnecting";
  for (const button of document.querySelectorAll("#publish-form button, #subscribe-form button")) {
    if (button instanceof HTMLButtonElement) button.disabled = !connected;
  }
  const address = connectForm.shown;
  const isDemo = demo !== undefined && address === demo.url;
  setText(byId("fact-address", HTMLElement), address || "–");
  setText(byId("fact-broker", HTMLElement), connected ? (isDemo ? demo.broker : "Your own") : "–");
  setText(byId("fact-protocol", HTMLElement), connected ? protocolText() : "–");
}

function protocolText() {
  const version = connection.client?.protocolVersion ?? 0;
  const name = versionNames[version] ?? `MQTT level ${version}`;
  return connection.fellBack ? `${name} (5.0 refused)` : name;
}

/** @param {string} text */
function showError(text) {
  setText(byId("alert-text", HTMLElement), text);
  byId("alert", HTMLElement).hidden = false;
}

function hideError() {
  byId("alert", HTMLElement).hidden = true;
}

function setUpControls() {
  byId("alert-dismiss", HTMLElement).addEventListener("click", hideError);
  byId("metrics", HTMLElement).addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement) chart.show(target.value);
  });
  const span = byId("window", HTMLSelectElement);
  span.addEventListener("change", () => {
    chart.span(Number(span.value));
  });
  const search = byId("log-search", HTMLInputElement);
  search.addEventListener("input", () => {
    log.search(search.value);
  });
  byId("log-clear", HTMLElement).addEventListener("click", () => {
    log.clear();
  });
  const pause = byId("log-pause", HTMLElement);
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(paused));
    log.pause(paused);
  });
}

/** @returns {Promise<{ broker: string, url: string, filter: string } | undefined>} */
async function readDemoSettings() {
  try {
    const response = await fetch("demo.json");
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
