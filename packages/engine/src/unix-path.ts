import { InvalidOptionError } from "./errors.ts";
import type { TransportTarget } from "./transport.ts";

/**
 * The path of a Unix socket, from a URL such as `mqtt+unix:///run/mosquitto/mqtt.sock`.
 *
 * @throws InvalidOptionError when there is none.
 */
export function unixPath({ hostname, path }: Pick<TransportTarget, "hostname" | "path">): string {
  const form = "A URL of a Unix socket has the form mqtt+unix:///path";
  if (hostname !== "") throw new InvalidOptionError("url", `${form}, with three slashes: ${hostname} would be a host`);
  const escaped = path.replace(/\?.*$/s, "");
  let decoded: string;
  try {
    decoded = decodeURIComponent(escaped);
  } catch {
    throw new InvalidOptionError("url", `${form}; a % in it that begins no escape is written %25`);
  }
  if (decoded === "/" || decoded.includes("\0")) throw new InvalidOptionError("url", `${form}, not ${escaped}`);
  return decoded;
}
