import type { TransportTarget } from "@rivulet/engine";
import { connectError, formatAddress } from "./conn-errors.ts";

/** @throws TransportError, or the signal's reason. */
export async function connectTcp(target: TransportTarget, signal: AbortSignal): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  // A signal of our own: Deno's would go on after the connection is made, and close it.
  const attempt = new AbortController();
  const onAbort = (): void => {
    attempt.abort(signal.reason);
  };
  signal.addEventListener("abort", onAbort);
  try {
    const conn = await Deno.connect({ hostname: target.hostname, port: target.port, signal: attempt.signal });
    if (signal.aborted) conn.close();
    signal.throwIfAborted();
    return conn;
  } catch (cause) {
    signal.throwIfAborted();
    throw connectError(formatAddress(target), cause);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
