import { formatMeasured } from "./metrics.js";

/**
 * What is drawn: times in milliseconds, the cursor as a share of the width.
 * @typedef {object} ChartView
 * @property {number} from
 * @property {number} to
 * @property {string} metric
 * @property {number | undefined} cursor
 * @property {{ series: import("./series.js").Series, color: string }[]} lines
 * @property {(variable: string) => string} color value of a CSS variable
 *
 * @typedef {{ left: number, top: number, width: number, height: number }} Area
 * @typedef {{ low: number, high: number, step: number }} Scale
 */

const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif";
const timeSteps = [5, 10, 15, 30, 60, 120, 300];

/**
 * Where the lines go, in CSS pixels: the rest is for labels.
 * @param {number} width
 * @param {number} height
 * @returns {Area}
 */
export function plotArea(width, height) {
  return { left: 56, top: 8, width: Math.max(1, width - 64), height: Math.max(1, height - 34) };
}

/**
 * Draws the whole chart.
 * @param {HTMLCanvasElement} canvas
 * @param {ChartView} view
 */
export function drawChart(canvas, view) {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const scale = valueScale(view);
  if (scale === undefined) return;
  const area = plotArea(width, height);
  context.font = font;
  drawValueAxis(context, area, view, scale);
  drawTimeAxis(context, area, view);
  drawLines(context, area, view, scale);
  drawCursor(context, area, view, scale);
}

/**
 * Round bounds around all that is visible; undefined when nothing is.
 * @param {ChartView} view
 * @returns {Scale | undefined}
 */
function valueScale({ from, lines, metric }) {
  let low = Infinity;
  let high = -Infinity;
  for (const { series } of lines) {
    for (let index = Math.max(0, series.indexAt(from)); index < series.length; index++) {
      low = Math.min(low, series.value(index));
      high = Math.max(high, series.value(index));
    }
  }
  if (low > high) return undefined;
  if (metric === "power") low = Math.min(low, 0);
  const step = roundStep(Math.max(high - low, metric === "power" ? 50 : 2) / 4);
  low = Math.floor(low / step) * step;
  return { low, high: Math.max(Math.ceil(high / step) * step, low + step), step };
}

/**
 * The next round number: 1, 2 or 5 times a power of ten.
 * @param {number} least
 */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least * 0.999) ?? 10) * power;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {ChartView} view
 * @param {Scale} scale
 */
function drawValueAxis(context, area, { metric, color }, scale) {
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.lineWidth = 1;
  const digits = metric === "power" && scale.high >= 1_000 ? (scale.step < 1_000 ? 1 : 0) : scale.step < 1 ? 1 : 0;
  const count = Math.round((scale.high - scale.low) / scale.step);
  for (let index = 0; index <= count; index++) {
    const value = scale.low + index * scale.step;
    // Half a pixel: a line of one pixel is sharp only there.
    const y = Math.round(yOf(area, scale, value)) + 0.5;
    context.strokeStyle = color("--line");
    context.beginPath();
    context.moveTo(area.left, y);
    context.lineTo(area.left + area.width, y);
    context.stroke();
    context.fillStyle = color("--muted");
    context.fillText(value === 0 ? "0" : formatMeasured(metric, value, digits), area.left - 8, y);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {ChartView} view
 */
function drawTimeAxis(context, area, { from, to, color }) {
  const seconds = (to - from) / 1_000;
  const room = Math.max(2, Math.floor(area.width / 80));
  const step = timeSteps.find((candidate) => seconds / candidate <= room) ?? 600;
  context.textBaseline = "alphabetic";
  context.fillStyle = color("--muted");
  for (let ago = 0; ago <= seconds; ago += step) {
    const x = area.left + area.width * (1 - ago / seconds);
    // The first label would run out of the plot if it were centred.
    context.textAlign = ago === 0 ? "right" : "center";
    if (ago === 0 || x > area.left + 16) context.fillText(agoText(ago), x, area.top + area.height + 20);
  }
}

/** @param {number} seconds */
function agoText(seconds) {
  if (seconds === 0) return "now";
  if (seconds < 60) return `−${seconds} s`;
  const rest = seconds % 60;
  return rest === 0 ? `−${seconds / 60} min` : `−${Math.floor(seconds / 60)}:${String(rest).padStart(2, "0")} min`;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {ChartView} view
 * @param {Scale} scale
 */
function drawLines(context, area, { from, to, lines }, scale) {
  context.save();
  context.beginPath();
  context.rect(area.left, 0, area.width, area.top + area.height + 2);
  context.clip();
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  for (const { series, color } of lines) {
    const first = Math.max(0, series.indexAt(from));
    context.strokeStyle = color;
    context.beginPath();
    for (let index = first; index < series.length; index++) {
      const x = area.left + ((series.time(index) - from) / (to - from)) * area.width;
      const y = yOf(area, scale, series.value(index));
      if (index === first) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    // The last value holds until the next one comes.
    context.lineTo(area.left + area.width, yOf(area, scale, series.value(series.length - 1)));
    context.stroke();
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Area} area
 * @param {ChartView} view
 * @param {Scale} scale
 */
function drawCursor(context, area, { from, to, lines, cursor, color }, scale) {
  if (cursor === undefined) return;
  const x = area.left + cursor * area.width;
  context.strokeStyle = color("--line-strong");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, area.top);
  context.lineTo(Math.round(x) + 0.5, area.top + area.height);
  context.stroke();
  for (const line of lines) {
    const value = valueBetween(line.series, from + cursor * (to - from));
    if (value === undefined) continue;
    context.fillStyle = line.color;
    context.beginPath();
    context.arc(x, yOf(area, scale, value), 3.5, 0, 2 * Math.PI);
    context.fill();
  }
}

/**
 * Where the drawn line stands at a time: between two samples, on the straight line that joins them.
 * @param {import("./series.js").Series} series
 * @param {number} time
 */
function valueBetween(series, time) {
  const index = series.indexAt(time);
  if (index < 0) return undefined;
  const value = series.value(index);
  if (index + 1 >= series.length) return value;
  const share = (time - series.time(index)) / (series.time(index + 1) - series.time(index));
  return value + share * (series.value(index + 1) - value);
}

/**
 * @param {Area} area
 * @param {Scale} scale
 * @param {number} value
 */
function yOf(area, scale, value) {
  return area.top + area.height * (1 - (value - scale.low) / (scale.high - scale.low));
}
