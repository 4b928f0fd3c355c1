import { request, type IncomingMessage } from "node:http";
import { redirectLimit } from "./limits.ts";

/** What is asked of a responder, and what is taken of its answer. */
export interface FetchOptions {
  /** Sent by POST as `type`. Default: nothing, by GET. */
  readonly body?: { readonly bytes: Uint8Array; readonly type: string } | undefined;
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came; or, as the second half of a sentence, why nothing did. */
export type Fetched = { readonly bytes: Uint8Array } | { readonly failure: string };

/** Whether an address is one that is asked. `https:` is not: its certificate would have to be checked by the same means. */
export function isFetchable(address: string): boolean {
  return URL.canParse(address) && new URL(address).protocol === "http:";
}

/**
 * Fetches something of bounded size within a bounded time: by plain `http:`, since what comes is signed; on a connection
 * of its own, through no proxy; uncompressed.
 *
 * @throws the signal's reason when it is aborted; nothing else.
 */
export async function fetchBytes(address: string, options: FetchOptions): Promise<Fetched> {
  options.signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  options.signal.addEventListener("abort", abort);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abort();
  }, options.timeoutMs);
  try {
    return await follow(address, options, attempt.signal);
  } catch (error) {
    options.signal.throwIfAborted();
    return { failure: isLate ? `took longer than ${Math.ceil(options.timeoutMs)} ms` : describe(error) };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", abort);
  }
}

async function follow(address: string, options: FetchOptions, signal: AbortSignal): Promise<Fetched> {
  let url = new URL(address);
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(url, options, signal);
    const { statusCode = 0 } = response;
    if (statusCode === 200) return await read(response, options.maxBytes);
    response.destroy();
    const { location } = response.headers;
    if (!redirectCodes.includes(statusCode) || location === undefined) {
      return { failure: `answered with the HTTP status ${statusCode}` };
    }
    if (redirects >= redirectLimit) return { failure: `redirected more than ${redirectLimit} times` };
    if (!URL.canParse(location, url.href)) return { failure: "redirected to what is no address" };
    url = new URL(location, url);
    if (!isFetchable(url.href)) return { failure: `redirected to ${url.protocol}, and only http: is asked` };
  }
}

/** Those that keep the method; an old 301 or 302 is taken for one too, since a GET would ask nothing. */
const redirectCodes: readonly number[] = [301, 302, 307, 308];

function send(url: URL, { body }: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const accept = { "accept-encoding": "identity" };
    const headers =
      body === undefined ? accept : { ...accept, "content-type": body.type, "content-length": body.bytes.length };
    // `agent: false`: neither the process's proxy nor a connection that somebody else has used.
    const sent = request(url, { agent: false, method: body === undefined ? "GET" : "POST", headers, signal });
    sent.on("response", resolve);
    // Nobody has asked for another protocol; without this, such an answer would be told in no other way.
    sent.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    // Stays for as long as the request does: also what comes after the answer may not end the process.
    sent.on("error", reject);
    sent.end(body?.bytes);
  });
}

async function read(response: IncomingMessage, maxBytes: number): Promise<Fetched> {
  const { "content-encoding": encoding = "identity", "content-length": announced = "0" } = response.headers;
  const tooLong = { failure: `answered with more than ${maxBytes} bytes` };
  try {
    if (encoding !== "identity") return { failure: `answered with the encoding ${encoding}, which was not asked for` };
    if (Number(announced) > maxBytes) return tooLong;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) return tooLong;
      chunks.push(chunk);
    }
    return { bytes: new Uint8Array(Buffer.concat(chunks)) };
  } finally {
    response.destroy();
  }
}

const meanings: ReadonlyMap<string, string> = new Map([
  ["EAI_AGAIN", "host name could not be looked up for now"],
  ["ECONNREFUSED", "refused the connection"],
  ["ECONNRESET", "ended the connection"],
  ["EHOSTUNREACH", "cannot be reached"],
  ["ENETUNREACH", "cannot be reached"],
  ["ENOTFOUND", "was not found by its name"],
  ["ETIMEDOUT", "cannot be reached"],
]);

function describe(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_")) return "does not speak HTTP";
  return meanings.get(code) ?? `failed (${code || String(error)})`;
}
