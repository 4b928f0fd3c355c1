/**
 * Where to connect, with the secrets apart: `url` has no credentials, and `shown`, the only part that may reach the
 * page, has no query either, since tokens travel there.
 * @typedef {{ url: string, shown: string, username: string | undefined, password: string | undefined }} Target
 */

/**
 * Reads what was typed into the connect form. Where the address is still the shown form of the last one, what had been
 * hidden of it still holds, except for what was typed anew.
 * @param {{ url: string, username: string, password: string }} typed
 * @param {Target | undefined} last
 * @returns {Target}
 */
export function readTarget(typed, last) {
  const text = typed.url.trim();
  const base = last !== undefined && text === last.shown ? last : parseTarget(text);
  if (typed.username === "" && typed.password === "") return base;
  return { ...base, username: typed.username || undefined, password: typed.password || undefined };
}

/**
 * @param {Target} target
 * @returns {boolean} whether it holds anything that is not shown
 */
export function hasSecrets(target) {
  return target.username !== undefined || target.password !== undefined || target.url.includes("?");
}

/**
 * @param {string} text
 * @returns {Target}
 */
function parseTarget(text) {
  // The messages never repeat the text: it may hold a password.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "ws:" && url.protocol !== "wss:")) {
    throw new Error("The address has to be a URL that starts with ws:// or wss://");
  }
  const username = decode(url.username);
  const password = decode(url.password);
  url.username = "";
  url.password = "";
  url.hash = "";
  const path = url.pathname === "/" ? "" : url.pathname;
  const shown = `${url.protocol}//${url.host}${path}${url.search === "" ? "" : "?…"}`;
  return { url: url.href, shown, username, password };
}

/** @param {string} text */
function decode(text) {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("The user name or the password in the address is not percent-encoded correctly");
  }
}
