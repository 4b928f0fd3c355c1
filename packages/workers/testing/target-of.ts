import type { TransportTarget } from "@rivulet/engine";

/** A URL with a port, taken apart. */
export function targetOf(url: string): TransportTarget {
  const [, scheme = "", hostname = "", port = "", path = "/"] = /^(\w+:)\/\/([^:/]+):(\d+)(\/.*)?$/.exec(url) ?? [];
  return { url, address: url, scheme, hostname, port: Number(port), path };
}
