import { describeError } from "./connection.js";
import { byId, element, setText } from "./dom.js";
import { hasSecrets, readTarget } from "./target.js";

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {(text: string) => void} ShowError
 */

/**
 * The connect form. Credentials leave it as soon as they are used: after that the page holds only what may be shown.
 * @param {Connection} connection
 * @param {ShowError} showError
 */
export function setUpConnectForm(connection, showError) {
  const form = byId("connect-form", HTMLFormElement);
  const url = byId("url", HTMLInputElement);
  const username = byId("username", HTMLInputElement);
  const password = byId("password", HTMLInputElement);
  const version = byId("version", HTMLSelectElement);
  const hint = byId("credentials-hint", HTMLElement);
  /** @type {import("./target.js").Target | undefined} */
  let target;

  const submit = async () => {
    try {
      target = readTarget({ url: url.value, username: username.value, password: password.value }, target);
    } catch (error) {
      showError(describeError(error));
      url.focus();
      return;
    }
    url.value = target.shown;
    username.value = "";
    password.value = "";
    hint.hidden = !hasSecrets(target);
    const versions = version.value.split(",").map((text) => (text === "4" ? 4 : 5));
    await connection.connect({ ...target, versions });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  byId("forget", HTMLButtonElement).addEventListener("click", () => {
    target = undefined;
    hint.hidden = true;
    url.focus();
  });
  for (const id of ["disconnect", "reconnect"]) {
    byId(id, HTMLButtonElement).addEventListener("click", () => {
      void (id === "disconnect" ? connection.disconnect() : connection.reconnect());
    });
  }
  return {
    /** The address in the form it may be shown in. */
    get shown() {
      return target?.shown ?? "";
    },
    /** @param {string} address */
    async connectTo(address) {
      url.value = address;
      await submit();
    },
  };
}

/**
 * @param {Connection} connection
 * @param {(message: { topic: string, payload: string, qos: 0 | 1 | 2, retain: boolean }) => void} onSent
 */
export function setUpPublishForm(connection, onSent) {
  const topic = byId("publish-topic", HTMLInputElement);
  const payload = byId("publish-payload", HTMLTextAreaElement);
  const qos = byId("publish-qos", HTMLSelectElement);
  const retain = byId("publish-retain", HTMLInputElement);
  const result = byId("publish-result", HTMLElement);
  const publish = async () => {
    const message = { topic: topic.value, payload: payload.value, qos: qosOf(qos), retain: retain.checked };
    try {
      const { topic: name, payload: text, ...options } = message;
      const published = connection.publish(name, text, options);
      const started = performance.now();
      const { reasonCode, reasonString } = await published;
      onSent(message);
      const how = message.qos === 0 ? "Sent" : `Acknowledged in ${(performance.now() - started).toFixed(1)} ms`;
      // 0x10: accepted, but nobody is subscribed.
      const note = reasonString ?? (reasonCode === 0x10 ? "no matching subscribers" : "");
      setText(result, note === "" ? how : `${how}: ${note}`);
      result.classList.remove("bad");
    } catch (error) {
      setText(result, describeError(error));
      result.classList.add("bad");
    }
  };
  byId("publish-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void publish();
  });
}

/**
 * @param {Connection} connection
 * @param {ShowError} showError
 */
export function setUpSubscribeForm(connection, showError) {
  const filter = byId("subscribe-filter", HTMLInputElement);
  const qos = byId("subscribe-qos", HTMLSelectElement);
  const subscribe = async () => {
    try {
      await connection.subscribe(filter.value, qosOf(qos));
      filter.value = "";
    } catch (error) {
      showError(`Could not subscribe: ${describeError(error)}`);
    }
  };
  byId("subscribe-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void subscribe();
  });
}

/**
 * The list of subscriptions: rows are kept while their filter stays, so that focus and counters do not jump.
 * @param {Connection} connection
 * @param {ShowError} showError
 */
export function setUpSubscriptionList(connection, showError) {
  const list = byId("subscriptions", HTMLUListElement);
  const empty = byId("subscriptions-empty", HTMLElement);
  /** @type {Map<string, { row: HTMLElement, detail: HTMLElement }>} */
  const rows = new Map();

  const rowOf = (/** @type {string} */ filter) => {
    const detail = element("small", {});
    const button = element("button", { class: "small" }, "Unsubscribe");
    button.type = "button";
    button.setAttribute("aria-label", `Unsubscribe from ${filter}`);
    button.addEventListener("click", () => {
      connection.unsubscribe(filter).catch((/** @type {unknown} */ error) => {
        showError(`Could not unsubscribe: ${describeError(error)}`);
      });
    });
    return { row: element("li", {}, element("code", {}, filter), detail, button), detail };
  };

  return function render() {
    const entries = connection.subscriptions;
    empty.hidden = entries.length > 0;
    for (const [filter, { row }] of rows) {
      if (entries.some((entry) => entry.filter === filter)) continue;
      row.remove();
      rows.delete(filter);
    }
    for (const entry of entries) {
      const known = rows.get(entry.filter);
      const shown = known ?? rowOf(entry.filter);
      if (known === undefined) {
        rows.set(entry.filter, shown);
        list.append(shown.row);
      }
      const isLive = entry.granted !== undefined && connection.state === "connected";
      const state = isLive ? `QoS ${entry.granted}` : "not connected";
      setText(shown.detail, `${state} · ${entry.received.toLocaleString("en")} received`);
    }
  };
}

/**
 * @param {HTMLSelectElement} select
 * @returns {0 | 1 | 2}
 */
function qosOf(select) {
  return select.value === "0" ? 0 : select.value === "1" ? 1 : 2;
}
