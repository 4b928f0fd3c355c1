/**
 * The answers of a SOCKS proxy, one after the other: what they say is read here, so that each can be told as a sentence,
 * and so that the bytes behind the last one are known.
 *
 *     SOCKS4   reply
 *     SOCKS5   method -> reply, or method -> authentication -> reply
 *
 * A proxy speaks when it is asked: bytes behind an answer that is not the last one are a fault.
 */

import type { TransportError } from "@rivulet/engine";
import type { HostAndPort } from "./exceptions.ts";
import {
  proxyAnswered,
  proxyRefused,
  proxyRefusedCredentials,
  proxyWantsCredentials,
  serverUnreachable,
} from "./proxy-errors.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";

export interface SocksAnswer {
  readonly bytes: Buffer;
  /** What came behind the last answer; undefined when it is not the last. */
  readonly rest: Buffer | undefined;
}

/** RFC 1928, section 6. What is missing here is the proxy's own decision. */
const socks5Failures: ReadonlyMap<number, string> = new Map([
  [1, "it tells no reason"],
  [3, "the network cannot be reached"],
  [4, "the host cannot be reached, or its name is not known"],
  [5, "connection refused"],
  [6, "timed out on the way (TTL expired)"],
  [8, "it does not know this kind of address"],
]);

const socks5Refusals: ReadonlyMap<number, string> = new Map([
  [2, "its rules do not allow it"],
  [7, "it does not know the command CONNECT"],
]);

const socks4Refusals: ReadonlyMap<number, string> = new Map([
  [92, "it could not ask the identd of this machine"],
  [93, "the identd of this machine tells another user name"],
]);

export class SocksAnswers {
  readonly #proxy: ResolvedProxy;
  readonly #target: HostAndPort;
  #stage: "method" | "authentication" | "reply" | "reply4";
  #held: Buffer = Buffer.alloc(0);

  constructor(version: 4 | 5, proxy: ResolvedProxy, target: HostAndPort) {
    this.#stage = version === 4 ? "reply4" : "method";
    this.#proxy = proxy;
    this.#target = target;
  }

  /**
   * The next answer, when it is complete; what is held of one that is not is less than 262 bytes.
   *
   * @throws TransportError when it is a refusal, or none at all.
   */
  push(bytes: Buffer): SocksAnswer | undefined {
    const all = Buffer.concat([this.#held, bytes]);
    this.#held = all;
    const stage = this.#stage;
    const length = this.#read(all);
    if (length === undefined || all.length < length) return undefined;
    const isLast = stage === "reply" || stage === "reply4";
    if (!isLast && all.length > length) throw proxyAnswered(this.#proxy, "more than it was asked");
    this.#held = Buffer.alloc(0);
    return { bytes: all.subarray(0, length), rest: isLast ? all.subarray(length) : undefined };
  }

  /** The length of the answer, if it is known by now. */
  #read(bytes: Buffer): number | undefined {
    switch (this.#stage) {
      case "method":
        return this.#readMethod(bytes);
      case "authentication":
        return this.#readAuthentication(bytes);
      case "reply":
        return this.#readReply(bytes);
      case "reply4":
        return this.#readReply4(bytes);
    }
  }

  #readMethod([version, method]: Buffer): number | undefined {
    if (version !== 5) throw this.#malformed();
    if (method === undefined) return undefined;
    const hasCredentials = this.#proxy.username !== undefined;
    if (method === 0xff) {
      throw hasCredentials
        ? proxyAnswered(this.#proxy, "that it accepts neither a user name and a password nor a client without")
        : proxyWantsCredentials(this.#proxy, ", or another way to authenticate");
    }
    if (method !== 0 && !(method === 2 && hasCredentials)) {
      throw proxyAnswered(this.#proxy, "with a way to authenticate that was not offered to it");
    }
    this.#stage = method === 0 ? "reply" : "authentication";
    return 2;
  }

  /** RFC 1929, section 2. Of its version nothing depends, and there are proxies that have another. */
  #readAuthentication([, status]: Buffer): number | undefined {
    if (status === undefined) return undefined;
    if (status !== 0) throw proxyRefusedCredentials(this.#proxy);
    this.#stage = "reply";
    return 2;
  }

  #readReply([version, code, , addressType, firstByte]: Buffer): number | undefined {
    if (version !== 5) throw this.#malformed();
    if (code === undefined) return undefined;
    if (code !== 0) {
      const failure = socks5Failures.get(code);
      throw failure === undefined
        ? this.#refused(socks5Refusals.get(code), code)
        : serverUnreachable(this.#proxy, this.#target, failure);
    }
    if (addressType === undefined) return undefined;
    if (addressType === 1) return 10;
    if (addressType === 4) return 22;
    if (addressType !== 3) throw this.#malformed();
    return firstByte === undefined ? undefined : 7 + firstByte;
  }

  #readReply4([version, code]: Buffer): number | undefined {
    if (version !== 0) throw this.#malformed();
    if (code === undefined || code === 90) return 8;
    // It does not say which of the two it was.
    if (code === 91) throw serverUnreachable(this.#proxy, this.#target, "refused or failed, it tells no reason");
    throw this.#refused(socks4Refusals.get(code), code);
  }

  #refused(why: string | undefined, code: number): TransportError {
    return proxyRefused(this.#proxy, this.#target, why ?? `for a reason of its own, with the code ${code}`);
  }

  #malformed(): TransportError {
    return proxyAnswered(this.#proxy, `as no SOCKS${this.#stage === "reply4" ? "4" : "5"} proxy does`);
  }
}
