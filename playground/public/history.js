import { Series } from "./series.js";

/** More lines than this in one chart cannot be told apart; later ones are not drawn. */
const maximumLines = 16;
/** Ten minutes at two samples a second. */
const samplesKept = 1_200;

/** What the chart draws: for each metric, one series a room. Bounded in every direction. */
export class History {
  /** @type {Map<string, Map<string, Series>>} */
  #metrics = new Map();

  /** @param {readonly string[]} metrics the only ones that are kept */
  constructor(metrics) {
    for (const metric of metrics) this.#metrics.set(metric, new Map());
  }

  /**
   * @param {string} metric
   * @param {string} room
   * @param {number} time
   * @param {number} value
   */
  add(metric, room, time, value) {
    const rooms = this.#metrics.get(metric);
    if (rooms === undefined || !Number.isFinite(value)) return;
    let series = rooms.get(room);
    if (series === undefined) {
      if (rooms.size >= maximumLines) return;
      series = new Series(samplesKept);
      rooms.set(room, series);
    }
    series.push(time, value);
  }

  /**
   * The lines of a metric, sorted by room.
   * @param {string} metric
   * @returns {[room: string, series: Series][]}
   */
  lines(metric) {
    return [...(this.#metrics.get(metric) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));
  }
}
