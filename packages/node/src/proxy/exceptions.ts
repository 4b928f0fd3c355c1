/**
 * Which hosts are connected to directly. An entry is
 * - a name: it stands for itself and all names under it, and a dot at its front changes nothing;
 * - a name or an address with `*` in it, each of which stands for any characters, or none: `*` alone is everything;
 * - an IPv4 or IPv6 address, or a CIDR block of them; they never match a name, which is not resolved for this;
 * with a port behind a colon, or for every port. IPv6 with a port stands in brackets.
 */

import { BlockList, isIP } from "node:net";

export interface HostAndPort {
  /** An IPv6 address without brackets. */
  readonly hostname: string;
  readonly port: number;
}

export type Exception = (target: HostAndPort) => boolean;

/** Undefined when the text is none. */
export function parseException(text: string): Exception | undefined {
  const parts = split(text.trim());
  if (parts === undefined) return undefined;
  const { host, port } = parts;
  const matchesHost = parseHost(host);
  if (matchesHost === undefined) return undefined;
  return (target) => (port === undefined || port === target.port) && matchesHost(normalize(target.hostname));
}

function split(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const bracketed = /^\[([^\]]*)\](\/\d+)?(?::(\d+))?$/.exec(text);
  if (bracketed !== null) {
    const [, inside = "", prefix = "", port] = bracketed;
    return isIP(inside.split("/")[0] ?? "") === 6 ? withPort(inside + prefix, port) : undefined;
  }
  const [host = "", port, ...more] = text.split(":");
  // Several colons without brackets: IPv6, and none of them is of a port.
  return more.length > 0 ? { host: text, port: undefined } : withPort(host, port);
}

function withPort(host: string, text: string | undefined): ReturnType<typeof split> {
  if (text === undefined) return { host, port: undefined };
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

type MatchesHost = (hostname: string) => boolean;

function parseHost(text: string): MatchesHost | undefined {
  const host = normalize(text);
  if (host.includes("/")) return parseBlock(host);
  if (isIP(host) !== 0) return inBlock(host, isIP(host) === 6 ? 128 : 32);
  const pattern = host.replace(/^\.+/, "");
  if (pattern === "" || /[\s:@[\]]/.test(pattern)) return undefined;
  if (pattern.includes("*")) {
    return (hostname) => matches(pattern, hostname) || (isIP(hostname) === 0 && matches(`*.${pattern}`, hostname));
  }
  // Not for addresses: 10.0.0.1 is not under 0.0.1.
  return (hostname) => hostname === pattern || (isIP(hostname) === 0 && hostname.endsWith(`.${pattern}`));
}

function parseBlock(text: string): MatchesHost | undefined {
  const [, address = "", digits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  const prefix = Number(digits);
  if (family === 0 || digits === "" || prefix > (family === 6 ? 128 : 32)) return undefined;
  return inBlock(address, prefix);
}

function inBlock(address: string, prefix: number): MatchesHost {
  const block = new BlockList();
  block.addSubnet(address, prefix, familyOf(address));
  // An IPv4 address that is written as an IPv6 one (::ffff:10.0.0.1) is found in IPv4 blocks too.
  return (hostname) => isIP(hostname) !== 0 && block.check(hostname, familyOf(hostname));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** Whether the text fits the pattern, in time that grows with the length only: the first fit of each part is the best. */
function matches(pattern: string, text: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  const last = parts.pop() ?? "";
  const end = text.length - last.length;
  let position = first.length;
  if (position > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  for (const part of parts) {
    const found = text.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  return position <= end;
}

function normalize(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, "");
}
