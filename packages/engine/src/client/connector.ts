import { reasonCodes, type ProtocolVersion } from "@rivulet/codec";
import type { Duplex } from "../duplex.ts";
import {
  ClosedError,
  ConnectionRefusedError,
  InvalidOptionError,
  TimeoutError,
  TransportError,
  UnsupportedError,
  type MqttError,
} from "../errors.ts";
import { defaultMaxInflight, defaultMaxInflightUntold } from "../limits.ts";
import type { ConnectTarget, Credentials } from "../options.ts";
import { connectPacket, type ResolvedOptions } from "../resolve-options.ts";
import type { ConnectRequest } from "../session/session.ts";
import { parseTarget, type ParsedTarget } from "../target.ts";
import type { TransportOptions } from "../transport.ts";

/** What an attempt has come to: a connection that is open, and what is to be said on it first. */
export interface Opened {
  readonly duplex: Duplex;
  readonly request: ConnectRequest;
}

/** The addresses to try, in order. A function is asked each time. */
export async function resolveTargets(target: ConnectTarget): Promise<readonly ParsedTarget[]> {
  const urls = typeof target === "function" ? await target() : target;
  const list: readonly (string | URL)[] = typeof urls === "string" || !isList(urls) ? [urls] : urls;
  if (list.length === 0) throw new InvalidOptionError("url", "There is no URL to connect to");
  return list.map(parseTarget);
}

/**
 * Opens a transport, and prepares the CONNECT for it.
 *
 * @throws UnsupportedError when no transport knows the scheme, TimeoutError, TransportError, or the signal's reason.
 */
export async function openTransport(
  parsed: ParsedTarget,
  options: ResolvedOptions,
  attempt: {
    readonly version: ProtocolVersion;
    readonly clientId: string;
    readonly signal: AbortSignal;
    report(status: string): void;
  },
): Promise<Opened> {
  const { environment, connectTimeoutMs } = options;
  const { target } = parsed;
  const transport = options.transports.find(({ schemes }) => schemes.includes(target.scheme));
  if (transport === undefined) {
    const known = options.transports.flatMap(({ schemes }) => schemes).join(" ");
    throw new UnsupportedError(target.scheme, `No transport here opens ${target.scheme} URLs; there are ${known}`);
  }
  const credentials = await resolveCredentials(parsed, options);
  const startedAt = environment.now();
  const controller = new AbortController();
  const giveUp = (): void => {
    controller.abort(attempt.signal.reason ?? new ClosedError());
  };
  attempt.signal.addEventListener("abort", giveUp, { once: true });
  if (attempt.signal.aborted) giveUp();
  const timer = environment.setTimeout(() => {
    controller.abort(new TimeoutError(`Connecting to ${target.url}`, connectTimeoutMs));
  }, connectTimeoutMs);
  try {
    const context = {
      signal: controller.signal,
      report: (status: string) => {
        attempt.report(status);
      },
    };
    const opening = transport.open(target, transportOptions(options, attempt.version), context);
    const duplex = await unlessAborted(opening, controller.signal);
    const packet = connectPacket(options, { version: attempt.version, clientId: attempt.clientId, credentials });
    // What is left of the time is the server's to answer in.
    const timeoutMs = Math.max(connectTimeoutMs - (environment.now() - startedAt), 1);
    const { pingTimeoutMs } = options;
    const maxInflight = options.maxInflight ?? (attempt.version === 5 ? defaultMaxInflight : defaultMaxInflightUntold);
    return { duplex, request: { packet, timeoutMs, maxInflight, pingTimeoutMs } };
  } finally {
    environment.clearTimeout(timer);
    attempt.signal.removeEventListener("abort", giveUp);
  }
}

/**
 * Whether the reason for which an attempt failed may be that the server does not know the protocol version: it says
 * so, in this version's way or in that of MQTT 3.1.1, or it hangs up before CONNACK.
 */
export function mayBeVersion(error: MqttError): boolean {
  if (error instanceof ConnectionRefusedError) {
    return error.reasonCode === reasonCodes.unsupportedProtocolVersion || error.reasonCode === 1;
  }
  return error instanceof TransportError;
}

async function resolveCredentials(parsed: ParsedTarget, options: ResolvedOptions): Promise<Credentials> {
  const asked = options.credentials === undefined ? {} : await options.credentials();
  return {
    username: asked.username ?? options.username ?? parsed.credentials.username,
    password: asked.password ?? options.password ?? parsed.credentials.password,
  };
}

function transportOptions(options: ResolvedOptions, version: ProtocolVersion): TransportOptions {
  const { socket, webSocket } = options;
  // MQTT 3.1 has a subprotocol of its own; from MQTT 3.1.1 on it is `mqtt`, which is what transports offer.
  const protocols = version === 3 ? { protocols: ["mqttv3.1"] } : {};
  return {
    ...(socket === undefined ? {} : { socket }),
    ...(webSocket === undefined && version > 3 ? {} : { webSocket: { ...protocols, ...webSocket } }),
  };
}

/** A transport that does not heed its signal must not keep us; what it opens too late is closed. */
async function unlessAborted(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(
      (duplex) => {
        duplex.abort(error);
      },
      () => {
        // It failed on its own, and the attempt is over already.
      },
    );
    throw error;
  } finally {
    if (abort !== undefined) signal.removeEventListener("abort", abort);
  }
}

/** `Array.isArray` alone does not know arrays that are read-only. */
function isList(urls: URL | readonly (string | URL)[]): urls is readonly (string | URL)[] {
  return Array.isArray(urls);
}
