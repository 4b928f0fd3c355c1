import { proxyHeaderBytesLimit } from "./limits.ts";
import { proxyAnswered } from "./proxy-errors.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";

/** Status line and headers of an HTTP response. */
export interface ResponseHead {
  readonly status: number;
  /** In Latin-1, as it came: not fit to be shown. */
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const protocol = "HTTP/1.";

/**
 * Reads the head of a response (RFC 9112), however it is cut, and within a bound. Interim responses are skipped, and what
 * follows the head is left alone: after CONNECT it is not a body.
 */
export class ResponseHeadReader {
  readonly #proxy: ResolvedProxy;
  #byteCount = 0;
  #line = "";
  #status: { readonly code: number; readonly reason: string } | undefined;
  #headers: (readonly [name: string, value: string])[] = [];

  constructor(proxy: ResolvedProxy) {
    this.#proxy = proxy;
  }

  /** @throws TransportError when it is no HTTP, or too much of it. */
  push(bytes: Buffer): { readonly head: ResponseHead; readonly rest: Buffer } | undefined {
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline === -1 ? bytes.length : newline + 1;
      this.#byteCount += end - start;
      if (this.#byteCount > proxyHeaderBytesLimit) {
        throw proxyAnswered(this.#proxy, `with a header of more than ${proxyHeaderBytesLimit} bytes`);
      }
      const isBeginning = this.#status === undefined && this.#line.length < protocol.length;
      this.#line += bytes.toString("latin1", start, end);
      start = end;
      // Before the line is whole, because that of another protocol may never be.
      if (isBeginning && !this.#line.startsWith(protocol.slice(0, this.#line.length))) {
        throw this.#malformed();
      }
      if (newline === -1) return undefined;
      const line = this.#line.replace(/\r?\n$/, "");
      this.#line = "";
      const head = this.#takeLine(line);
      if (head !== undefined) return { head, rest: bytes.subarray(start) };
    }
    return undefined;
  }

  #takeLine(line: string): ResponseHead | undefined {
    if (this.#status === undefined) {
      const [, code, reason = ""] = /^HTTP\/1\.\d (\d{3})(?: (.*))?$/.exec(line) ?? [];
      if (code === undefined) throw this.#malformed();
      this.#status = { code: Number(code), reason };
      return undefined;
    }
    if (line !== "") {
      const colon = line.indexOf(":");
      if (colon > 0) this.#headers.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]);
      return undefined;
    }
    const { code: status, reason } = this.#status;
    const headers = this.#headers;
    this.#status = undefined;
    this.#headers = [];
    // 101 is the last response on a connection that goes on in another protocol, and nobody has asked for one.
    return status >= 200 || status === 101 ? { status, reason, headers } : undefined;
  }

  #malformed(): Error {
    return proxyAnswered(this.#proxy, "as no HTTP proxy does");
  }
}
