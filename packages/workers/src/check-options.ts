import { UnsupportedError, type TransportOptions } from "@rivulet/engine";

/**
 * Checks that nothing is asked for that Workers cannot do: they have neither settings for sockets nor proxies, and of
 * TLS only what the runtime does by itself.
 *
 * @throws UnsupportedError with the option's name.
 */
export function checkOptions({ socket, tls, proxy }: TransportOptions, isSecure: boolean): void {
  if (proxy !== undefined) throw unsupported("proxy");
  refuseAll("socket", socket);
  if (isSecure) refuseAll("tls", tls);
}

function refuseAll(group: string, options: object = {}): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) throw unsupported(`${group}.${name}`);
  }
}

function unsupported(name: string): UnsupportedError {
  return new UnsupportedError(name, `${name} is not supported in Cloudflare Workers`);
}
