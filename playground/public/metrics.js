/** The metrics that the chart can draw. */
export const chartMetrics = /** @type {const} */ (["temperature", "humidity", "power"]);

/** @type {Readonly<Record<string, { unit: string, decimals: number }>>} */
const measured = {
  temperature: { unit: "°C", decimals: 1 },
  humidity: { unit: "%", decimals: 0 },
  power: { unit: "W", decimals: 0 },
};

/** Values of sensors that deserve a second look. */
const activeValues = new Set(["detected", "open"]);
const shownCharacters = 40;

/**
 * A number with its unit, as people read it.
 * @param {string} metric
 * @param {number} value
 * @param {number} [digits] after the point; default: what suits the metric
 */
export function formatMeasured(metric, value, digits) {
  const { unit, decimals } = measured[metric] ?? { unit: "", decimals: 1 };
  if (unit === "W" && Math.abs(value) >= 1_000) return `${(value / 1_000).toFixed(digits ?? 2)} kW`;
  return `${value.toFixed(unit === "W" ? 0 : (digits ?? decimals))} ${unit}`.trim();
}

/**
 * What a tile shows for a payload.
 * @param {string} metric
 * @param {string} text
 */
export function formatValue(metric, text) {
  const value = Number(text);
  if (metric in measured && text.trim() !== "" && Number.isFinite(value)) return formatMeasured(metric, value);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : capitalized(text);
}

/** @param {string} text */
export function isActive(text) {
  return activeValues.has(text);
}

/**
 * A topic level as a name: `living-room` becomes "Living room", `floor1` "Floor 1".
 * @param {string} level
 */
export function nameOf(level) {
  return capitalized(level.replace(/[-_]+/g, " ").replace(/([a-z])(\d)/g, "$1 $2"));
}

/** @param {string} text */
function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
