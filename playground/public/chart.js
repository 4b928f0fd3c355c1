import { element, setText } from "./dom.js";
import { drawChart, plotArea } from "./chart-drawing.js";
import { formatMeasured, nameOf } from "./metrics.js";

/** A chart that has just begun spans at least this, so that the first seconds are not stretched. */
const leastSpanMs = 20_000;
/** Frames a second would be wasted on values that change once a second. */
const frameMs = 50;
const calmFrameMs = 1_000;
const keyStep = 1 / 40;

/** The live chart: a line a room, for one metric, over the last minutes. */
export class Chart {
  #parts;
  #history;
  #palette;
  #metric = "temperature";
  #spanMs = 180_000;
  /** @type {Set<string>} rooms whose line is switched off */
  #muted = new Set();
  /** Where the values are read, as a share of the width; undefined when they are not. */
  #cursor = /** @type {number | undefined} */ (undefined);
  #lastFrame = 0;
  #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {{ canvas: HTMLCanvasElement, tooltip: HTMLElement, legend: HTMLElement, empty: HTMLElement }} parts
   * @param {import("./history.js").History} history
   * @param {import("./palette.js").Palette} palette
   */
  constructor(parts, history, palette) {
    this.#parts = parts;
    this.#history = history;
    this.#palette = palette;
    this.#listen();
  }

  /** @param {string} metric */
  show(metric) {
    this.#metric = metric;
    this.#parts.canvas.setAttribute("aria-label", `${nameOf(metric)} by room`);
    this.#parts.legend.replaceChildren();
    this.redraw();
  }

  /** @param {number} seconds how far back the chart goes */
  span(seconds) {
    this.#spanMs = seconds * 1_000;
    this.redraw();
  }

  redraw() {
    this.#lastFrame = 0;
  }

  /**
   * Draws, if it is time to.
   * @param {number} now in milliseconds, on the clock of the samples
   */
  render(now) {
    if (now - this.#lastFrame < (this.#reducedMotion.matches ? calmFrameMs : frameMs)) return;
    this.#lastFrame = now;
    const lines = this.#history.lines(this.#metric);
    this.#parts.empty.hidden = lines.length > 0;
    this.#renderLegend(lines);
    const view = {
      from: this.#viewStart(lines, now),
      to: now,
      metric: this.#metric,
      cursor: this.#cursor,
      lines: lines
        .filter(([room]) => !this.#muted.has(room))
        .map(([room, series]) => ({ series, color: this.#color(this.#palette.variable(room)) })),
      color: (/** @type {string} */ variable) => this.#color(variable),
    };
    drawChart(this.#parts.canvas, view);
    this.#renderTooltip(lines, view.from, now);
  }

  /** @param {string} variable */
  #color(variable) {
    return getComputedStyle(this.#parts.canvas).getPropertyValue(variable);
  }

  /**
   * @param {[string, import("./series.js").Series][]} lines
   * @param {number} now
   */
  #viewStart(lines, now) {
    const first = Math.min(now, ...lines.map(([, series]) => series.time(0)));
    return Math.max(now - this.#spanMs, Math.min(first, now - leastSpanMs));
  }

  /** @param {[string, import("./series.js").Series][]} lines */
  #renderLegend(lines) {
    const { legend } = this.#parts;
    if (legend.childElementCount !== lines.length) {
      legend.replaceChildren(...lines.map(([room]) => element("li", {}, this.#legendButton(room))));
    }
    lines.forEach(([, series], index) => {
      const value = legend.children[index]?.querySelector("b");
      if (value) setText(value, formatMeasured(this.#metric, series.value(series.length - 1)));
    });
  }

  /** @param {string} room */
  #legendButton(room) {
    const name = nameOf(room.split("/").at(-1) ?? room);
    const button = element("button", { title: `home/${room}` }, this.#palette.swatch(room), name, element("b", {}));
    button.type = "button";
    button.setAttribute("aria-pressed", String(!this.#muted.has(room)));
    button.addEventListener("click", () => {
      if (!this.#muted.delete(room)) this.#muted.add(room);
      button.setAttribute("aria-pressed", String(!this.#muted.has(room)));
      this.redraw();
    });
    return button;
  }

  /**
   * @param {[string, import("./series.js").Series][]} lines
   * @param {number} from
   * @param {number} now
   */
  #renderTooltip(lines, from, now) {
    const { canvas, tooltip } = this.#parts;
    const cursor = this.#cursor;
    const time = from + (cursor ?? 0) * (now - from);
    const values = lines.flatMap(([room, series]) => {
      const index = series.indexAt(time);
      return index < 0 || this.#muted.has(room) ? [] : [{ room, value: series.value(index) }];
    });
    tooltip.hidden = cursor === undefined || values.length === 0;
    if (cursor === undefined || tooltip.hidden) return;
    values.sort((left, right) => right.value - left.value);
    const rows = values.map(({ room, value }) =>
      element(
        "li",
        {},
        this.#palette.swatch(room),
        nameOf(room.split("/").at(-1) ?? room),
        element("b", {}, formatMeasured(this.#metric, value)),
      ),
    );
    const seconds = Math.round((now - time) / 1_000);
    tooltip.replaceChildren(element("p", {}, seconds === 0 ? "Now" : `${seconds} s ago`), element("ul", {}, ...rows));
    const area = plotArea(canvas.clientWidth, canvas.clientHeight);
    const x = area.left + cursor * area.width;
    const side = cursor > 0.5 ? x - tooltip.offsetWidth - 12 : x + 12;
    tooltip.style.transform = `translate(${Math.max(0, side)}px, ${area.top}px)`;
  }

  #listen() {
    const { canvas } = this.#parts;
    const moveTo = (/** @type {number | undefined} */ share) => {
      this.#cursor = share === undefined ? undefined : Math.min(1, Math.max(0, share));
      this.redraw();
    };
    const follow = (/** @type {PointerEvent} */ event) => {
      const area = plotArea(canvas.clientWidth, canvas.clientHeight);
      moveTo((event.offsetX - area.left) / area.width);
    };
    canvas.addEventListener("pointerdown", follow);
    canvas.addEventListener("pointermove", follow);
    for (const type of ["pointerleave", "pointercancel", "blur"]) {
      canvas.addEventListener(type, () => {
        moveTo(undefined);
      });
    }
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -keyStep, ArrowRight: keyStep }[event.key];
      if (step !== undefined) moveTo((this.#cursor ?? 1) + step);
      else if (event.key === "Escape") moveTo(undefined);
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => {
      this.redraw();
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.redraw();
    });
  }
}
