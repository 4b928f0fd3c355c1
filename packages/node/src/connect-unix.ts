import type { Socket } from "node:net";
import { unixPath, UnsupportedError, type TransportOptions, type TransportTarget } from "@rivulet/engine";
import { connectSocket } from "./connect-socket.ts";
import { streamOptions } from "./connect-tcp.ts";
import { connectError } from "./socket-errors.ts";
import type { ResolvedSocketOptions } from "./socket-options.ts";

/**
 * Connects to a Unix socket: the path of the URL, percent-decoded.
 *
 * @throws TransportError when it cannot be connected to, InvalidOptionError when there is no such path, UnsupportedError
 * for an option that only TCP has, or the signal's reason.
 */
export async function connectUnix(
  target: TransportTarget,
  options: TransportOptions,
  resolved: ResolvedSocketOptions,
  signal: AbortSignal,
): Promise<Socket> {
  refuseTcpOptions(options);
  const path = unixPath(target);
  try {
    return await connectSocket({ path, ...streamOptions(resolved) }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(path, error);
  }
}

/** What a Unix socket has not. `noDelay` only says that bytes need not wait, and there they never do. */
function refuseTcpOptions({ socket = {}, proxy }: TransportOptions): void {
  for (const name of ["localAddress", "localPort", "family", "keepAlive", "linger"] as const) {
    const isAsked = socket[name] !== undefined && !(name === "keepAlive" && socket[name] === false);
    if (isAsked) throw unsupported(`socket.${name}`);
  }
  // What the system's settings say of it is: directly.
  const isSystem =
    proxy === "system" || (typeof proxy === "object" && !(proxy instanceof URL) && proxy.url === "system");
  if (proxy !== undefined && !isSystem) throw unsupported("proxy");
}

function unsupported(option: string): UnsupportedError {
  return new UnsupportedError(option, `${option} is for connections over TCP, not for a Unix socket`);
}
