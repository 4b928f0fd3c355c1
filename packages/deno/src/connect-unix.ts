import { InvalidOptionError, type TransportTarget } from "@rivulet/engine";
import { abortable } from "./abortable.ts";
import { connectError } from "./conn-errors.ts";

/** @throws TransportError, InvalidOptionError when the URL has no path, or the signal's reason. */
export async function connectUnix(target: TransportTarget, signal: AbortSignal): Promise<Deno.UnixConn> {
  const path = unixPath(target);
  signal.throwIfAborted();
  const connecting = Deno.connect({ transport: "unix", path });
  try {
    return await abortable(connecting, signal);
  } catch (cause) {
    connecting.then((conn) => {
      conn.close();
    }, ignore);
    signal.throwIfAborted();
    throw connectError(path, cause, `--allow-read=${path} --allow-write=${path}`);
  }
}

/** The path of a Unix socket, from a URL such as `mqtt+unix:///run/mosquitto/mqtt.sock`. */
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

function ignore(): void {}
