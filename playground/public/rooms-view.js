import { element, setText } from "./dom.js";
import { formatValue, isActive, nameOf } from "./metrics.js";

const maximumRooms = 24;
const maximumMetrics = 8;
const order = ["temperature", "humidity", "power", "motion", "door"];

/**
 * @typedef {{ text: string, changed: boolean, row: HTMLElement | undefined, output: HTMLElement | undefined }} Metric
 * @typedef {{ floor: string, room: string, metrics: Map<string, Metric>, list: HTMLElement | undefined }} Room
 */

/** A tile a room, with the latest value of each of its sensors. */
export class RoomsView {
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  #container;
  #empty;
  #palette;

  /**
   * @param {HTMLElement} container
   * @param {HTMLElement} empty shown while there is nothing to show
   * @param {import("./palette.js").Palette} palette
   */
  constructor(container, empty, palette) {
    this.#container = container;
    this.#empty = empty;
    this.#palette = palette;
  }

  /**
   * Takes a value; it is drawn by the next `render`.
   * @param {{ floor: string, room: string, metric: string }} sensor
   * @param {string} text
   */
  update(sensor, text) {
    const key = `${sensor.floor}/${sensor.room}`;
    let room = this.#rooms.get(key);
    if (room === undefined) {
      if (this.#rooms.size >= maximumRooms) return;
      room = { floor: sensor.floor, room: sensor.room, metrics: new Map(), list: undefined };
      this.#rooms.set(key, room);
    }
    const metric = room.metrics.get(sensor.metric);
    if (metric !== undefined) {
      metric.changed ||= metric.text !== text;
      metric.text = text;
    } else if (room.metrics.size < maximumMetrics) {
      room.metrics.set(sensor.metric, { text, changed: true, row: undefined, output: undefined });
    }
  }

  render() {
    this.#empty.hidden = this.#rooms.size > 0;
    const withoutTile = [...this.#rooms].filter(([, room]) => room.list === undefined);
    // In order, so that rooms that come together get their colours in order, too.
    for (const [key, room] of withoutTile.sort(byKey)) this.#addTile(key, room);
    if (withoutTile.length > 0) this.#sortTiles();
    for (const room of this.#rooms.values()) {
      for (const [name, metric] of room.metrics) {
        if (metric.changed) renderMetric(room, name, metric);
        metric.changed = false;
      }
    }
  }

  /**
   * @param {string} key
   * @param {Room} room
   */
  #addTile(key, room) {
    room.list = element("dl", {});
    const name = nameOf(room.room);
    const heading = element(
      "h3",
      { title: `home/${key}` },
      this.#palette.swatch(key),
      element("span", {}, name),
      element("small", {}, nameOf(room.floor)),
    );
    const tile = element("article", { class: "room" }, heading, room.list);
    tile.dataset["key"] = key;
    tile.setAttribute("aria-label", `${name}, ${nameOf(room.floor)}`);
    this.#container.append(tile);
  }

  #sortTiles() {
    const tiles = [...this.#container.children];
    const key = (/** @type {Element} */ tile) => (tile instanceof HTMLElement ? (tile.dataset["key"] ?? "") : "");
    tiles.sort((left, right) => (key(left) < key(right) ? -1 : 1));
    this.#container.append(...tiles);
  }
}

/**
 * @param {Room} room
 * @param {string} name
 * @param {Metric} metric
 */
function renderMetric(room, name, metric) {
  const isNew = metric.output === undefined;
  metric.output ??= element("dd", {});
  if (metric.row === undefined) {
    const row = element("div", {}, element("dt", {}, nameOf(name)), metric.output);
    metric.row = row;
    row.addEventListener("animationend", () => {
      row.classList.remove("changed");
    });
    if (name === "temperature") row.className = "lead";
    // Rows stand in the order of their rank, whatever the order in which the values came.
    const next = [...room.metrics]
      .filter(([other, { row: shown }]) => shown?.isConnected === true && rank(other) > rank(name))
      .sort(([left], [right]) => rank(left) - rank(right))[0]?.[1].row;
    room.list?.insertBefore(row, next ?? null);
  }
  setText(metric.output, metric.text === "" ? "–" : formatValue(name, metric.text));
  metric.output.classList.toggle("active", isActive(metric.text));
  if (!isNew) metric.row.classList.add("changed");
}

/**
 * @param {[string, unknown]} left
 * @param {[string, unknown]} right
 */
function byKey([left], [right]) {
  return left < right ? -1 : 1;
}

/** @param {string} metric */
function rank(metric) {
  const found = order.indexOf(metric);
  return found < 0 ? order.length : found;
}
