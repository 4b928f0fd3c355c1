/** The last samples of one line: a ring of fixed size, so that a page left open for a week keeps its memory. */
export class Series {
  #times;
  #values;
  #start = 0;
  #length = 0;

  /** @param {number} capacity how many samples are kept; the oldest give way */
  constructor(capacity) {
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get length() {
    return this.#length;
  }

  /**
   * @param {number} time in milliseconds, not before the last one's
   * @param {number} value
   */
  push(time, value) {
    const at = this.#position(this.#length);
    this.#times[at] = time;
    this.#values[at] = value;
    if (this.#length < this.#times.length) this.#length += 1;
    else this.#start = this.#position(1);
  }

  /** @param {number} index 0 is the oldest */
  time(index) {
    return this.#times[this.#position(index)] ?? Number.NaN;
  }

  /** @param {number} index 0 is the oldest */
  value(index) {
    return this.#values[this.#position(index)] ?? Number.NaN;
  }

  /**
   * Index of the last sample that is not after `time`; -1 when all are.
   * @param {number} time
   */
  indexAt(time) {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.time(middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** @param {number} index */
  #position(index) {
    return (this.#start + index) % this.#times.length;
  }
}
