/** Tunnels by the method CONNECT of HTTP/1.1 (RFC 9110, section 9.3.6). */

import type { Socket } from "node:net";
import type { TransportError } from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import type { HostAndPort } from "./exceptions.ts";
import { proxyReasonLengthLimit } from "./limits.ts";
import { proxyRefused, proxyRefusedCredentials, proxyWantsCredentials, serverUnreachable } from "./proxy-errors.ts";
import { readAnswer } from "./read-answer.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";
import { ResponseHeadReader, type ResponseHead } from "./response-head.ts";

/** After it, the socket carries the bytes of the server. Destroys it when it rejects. */
export async function connectByHttp(
  socket: Socket,
  target: HostAndPort,
  { proxy, signal }: { readonly proxy: ResolvedProxy; readonly signal: AbortSignal },
): Promise<void> {
  const reader = new ResponseHeadReader(proxy);
  await readAnswer(socket, {
    ...{ proxy, signal },
    ask: () => socket.write(request(target, proxy), "latin1"),
    take: (bytes) => {
      const answer = reader.push(bytes);
      if (answer === undefined) return undefined;
      const { head, rest } = answer;
      // Any 2xx opens the tunnel; Content-Length and Transfer-Encoding mean nothing then.
      if (head.status < 200 || head.status > 299) throw refusal(head, target, proxy);
      return rest;
    },
  });
}

function request(target: HostAndPort, proxy: ResolvedProxy): string {
  const authority = formatAddress(target);
  const token = basicToken(proxy);
  const headers: (readonly [string, string])[] = [
    ["Host", authority],
    ...(token === undefined ? [] : [["Proxy-Authorization", `Basic ${token}`] as const]),
    ...proxy.headers,
  ];
  return `CONNECT ${authority} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** RFC 7617, in UTF-8. */
function basicToken({ username, password }: ResolvedProxy): string | undefined {
  if (username === undefined && password === undefined) return undefined;
  return Buffer.from(`${username ?? ""}:${password ?? ""}`).toString("base64");
}

function refusal(head: ResponseHead, target: HostAndPort, proxy: ResolvedProxy): TransportError {
  // tinyproxy answers 401 to a wrong password.
  if (head.status === 407 || head.status === 401) return unauthenticated(head, proxy);
  const said = `${head.status} ${showable(head.reason, proxy)}`.trimEnd();
  const isItsOwnDecision = head.status < 500;
  return isItsOwnDecision ? proxyRefused(proxy, target, said) : serverUnreachable(proxy, target, said);
}

function unauthenticated({ headers }: ResponseHead, proxy: ResolvedProxy): TransportError {
  const challenges = headers
    .filter(([name]) => name === "proxy-authenticate" || name === "www-authenticate")
    .map(([, value]) => value);
  const isBasicKnown = challenges.length === 0 || challenges.some((value) => /(^|,)\s*basic\b/i.test(value));
  if (proxy.headers.some(([name]) => name.toLowerCase() === "proxy-authorization")) {
    return proxyRefusedCredentials(proxy, "the header Proxy-Authorization");
  }
  const schemes = challenges.map((value) => showable(value.split(/[\s,]/, 1)[0] ?? "", proxy)).join(", ");
  const more = isBasicKnown ? "" : `, by ${schemes}; only Basic is understood here`;
  if (basicToken(proxy) === undefined) return proxyWantsCredentials(proxy, more);
  return proxyRefusedCredentials(proxy, `the user name and the password${more && `: it wants them${more.slice(1)}`}`);
}

/** In printable characters and not too many; nothing at all where the proxy sends secrets back. */
function showable(text: string, proxy: ResolvedProxy): string {
  const secrets = [proxy.username, proxy.password, basicToken(proxy), ...proxy.headers.map(([, value]) => value)];
  if (secrets.some((secret) => secret !== undefined && secret !== "" && text.includes(secret))) return "";
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, proxyReasonLengthLimit);
}
