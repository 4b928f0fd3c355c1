import type { ServerAuthentication, TlsOptions, TransportContext, TransportTarget } from "@rivulet/engine";
import { type Secured, secure } from "../src/tls/secure.ts";
import { connectTo, targetOf } from "./tls-servers.ts";

/** What a test says beside the options. */
export interface Attempt {
  readonly hostname?: string;
  readonly signal?: AbortSignal;
  /** Listens to the event; what it returns is what `accept` becomes. */
  readonly verify?: (authentication: ServerAuthentication) => boolean;
  /** Gets the statuses. */
  readonly statuses?: string[];
}

/** Connects to a port of the loopback interface and makes TLS there. */
export async function secureTo(port: number, options: TlsOptions = {}, attempt: Attempt = {}): Promise<Secured> {
  const socket = await connectTo(port);
  const target: TransportTarget = targetOf(port, attempt.hostname);
  const context: TransportContext = {
    signal: attempt.signal ?? new AbortController().signal,
    report: (status, about) => {
      if (about === "tls") attempt.statuses?.push(status);
    },
    verify: attempt.verify ?? (({ accept }) => accept),
  };
  try {
    return await secure(socket, target, options, context);
  } catch (error) {
    // Whatever goes wrong, nothing is left behind.
    if (!socket.destroyed) throw new Error("The socket was left open", { cause: error });
    throw error;
  }
}
