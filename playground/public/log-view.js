import { element } from "./dom.js";
import { describePayload } from "./payload.js";

/** Messages kept, and the most rows that the page holds. The oldest give way. */
const capacity = 200;

/**
 * @typedef {object} LogEntry
 * @property {Date} time
 * @property {"received" | "sent"} direction
 * @property {string} topic
 * @property {Uint8Array} payload
 * @property {number} qos
 * @property {boolean} retain
 * @property {boolean} duplicate
 */

/** The last messages, newest first. */
export class LogView {
  /** @type {{ entry: LogEntry, text: string }[]} newest last */
  #entries = [];
  /** How many of the entries, from the newest, have no row yet. */
  #fresh = 0;
  #search = "";
  #paused = false;
  #rows;
  #empty;

  /**
   * @param {HTMLElement} rows
   * @param {HTMLElement} empty shown while there is nothing to show
   */
  constructor(rows, empty) {
    this.#rows = rows;
    this.#empty = empty;
  }

  /**
   * Takes a message; it is drawn by the next `render`. Only its text is kept, not its payload.
   * @param {LogEntry} entry
   */
  add(entry) {
    const text = describePayload(entry.payload);
    this.#entries.push({ entry: { ...entry, payload: new Uint8Array() }, text });
    if (this.#entries.length > capacity) this.#entries.shift();
    this.#fresh = Math.min(this.#fresh + 1, capacity);
  }

  /** @param {string} text shows only what contains it, in the topic or the payload */
  search(text) {
    this.#search = text.trim().toLowerCase();
    this.#redraw();
  }

  /** @param {boolean} paused while true, messages are kept but not drawn */
  pause(paused) {
    this.#paused = paused;
  }

  clear() {
    this.#entries = [];
    this.#redraw();
  }

  render() {
    if (this.#paused) return;
    const fresh = this.#fresh === 0 ? [] : this.#entries.slice(-this.#fresh);
    this.#fresh = 0;
    const rows = fresh.filter((kept) => this.#matches(kept)).map(({ entry, text }) => rowOf(entry, text));
    this.#rows.prepend(...rows.reverse());
    while (this.#rows.childElementCount > capacity) this.#rows.lastElementChild?.remove();
    this.#empty.hidden = this.#rows.childElementCount > 0;
    this.#empty.textContent = this.#entries.length === 0 ? "Nothing here yet." : "No message contains this text.";
  }

  #redraw() {
    this.#rows.replaceChildren();
    this.#fresh = this.#entries.length;
    const paused = this.#paused;
    this.#paused = false;
    this.render();
    this.#paused = paused;
  }

  /** @param {{ entry: LogEntry, text: string }} kept */
  #matches({ entry, text }) {
    return (
      this.#search === "" ||
      entry.topic.toLowerCase().includes(this.#search) ||
      text.toLowerCase().includes(this.#search)
    );
  }
}

/**
 * @param {LogEntry} entry
 * @param {string} text
 */
function rowOf(entry, text) {
  const sent = entry.direction === "sent";
  const direction = element("span", { class: "direction", title: sent ? "Sent" : "Received" }, sent ? "↑" : "↓");
  direction.setAttribute("role", "img");
  direction.setAttribute("aria-label", sent ? "Sent" : "Received");
  const time = element("time", {}, timeText(entry.time));
  time.dateTime = entry.time.toISOString();
  const flags = [`QoS ${entry.qos}`, entry.retain ? "retained" : "", entry.duplicate ? "duplicate" : ""];
  return element(
    "li",
    { class: entry.direction },
    time,
    direction,
    element("span", { class: "topic" }, entry.topic),
    element("span", { class: "payload" }, text),
    element("span", { class: "flags" }, flags.filter((flag) => flag !== "").join(" · ")),
  );
}

/** @param {Date} time */
function timeText(time) {
  const digits = (/** @type {number} */ value, /** @type {number} */ length) => String(value).padStart(length, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => digits(part, 2)).join(":");
  return `${clock}.${digits(time.getMilliseconds(), 3)}`;
}
