import { unixPath, type TransportTarget } from "@rivulet/engine";
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

function ignore(): void {}
