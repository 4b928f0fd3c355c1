import { reasonCodes, type PacketProperties, type ProtocolVersion } from "@rivulet/codec";
import { Deferred, ignore } from "../deferred.ts";
import type { Duplex } from "../duplex.ts";
import {
  ConnectionRefusedError,
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type MqttError,
} from "../errors.ts";
import { defaultMaxInflight, defaultMaxInflightUntold } from "../limits.ts";
import { connectPacket, type ResolvedOptions } from "../resolve-options.ts";
import type { ConnectRequest } from "../session/session-options.ts";
import type { ParsedTarget } from "../target.ts";
import type { TransportContext } from "../transport.ts";
import { giveUpWhen } from "./operations.ts";

/** One attempt to connect. */
export interface Attempt {
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Whether this client has been connected before: then the Session of then goes on. */
  readonly hasBeenConnected: boolean;
  /** What CONNECT says of enhanced authentication. */
  readonly authentication: PacketProperties<"connect"> | undefined;
  /** Aborted when the attempt is to be given up. */
  readonly signal: AbortSignal;
  /** Whom the transport tells how far it has got. */
  readonly host: {
    readonly tell: TransportContext["report"];
    readonly verify: TransportContext["verify"];
  };
}

/**
 * Opens a transport, and prepares the CONNECT for it.
 *
 * @throws UnsupportedError when no transport knows the scheme, TimeoutError, TransportError, or the signal's reason.
 */
export async function openTransport(
  { target, credentials }: ParsedTarget,
  options: ResolvedOptions,
  { version, clientId, hasBeenConnected, authentication, signal, host }: Attempt,
): Promise<{ readonly duplex: Duplex; readonly request: ConnectRequest }> {
  const { environment, connectTimeoutMs, transports, pingTimeoutMs, username, password } = options;
  const transport = transports.find(({ schemes }) => schemes.includes(target.scheme));
  if (transport === undefined) {
    const known = transports.flatMap(({ schemes }) => schemes).join(" ");
    throw new UnsupportedError(target.scheme, `No transport here opens ${target.scheme} URLs; there are ${known}`);
  }
  const asked = (await options.credentials?.()) ?? {};
  const packet = connectPacket(options, {
    version,
    clientId,
    // Before MQTT 5.0 the flag also says how long the Session lasts: changing it would orphan the one there is.
    cleanStart: options.cleanStart && !(hasBeenConnected && version === 5),
    username: asked.username ?? username ?? credentials.username,
    password: asked.password ?? password ?? credentials.password,
    authentication,
  });
  signal.throwIfAborted();
  const startedAt = environment.now();
  const controller = new AbortController();
  // MQTT 3.1 has a subprotocol of its own; from MQTT 3.1.1 on it is `mqtt`, which is what transports offer.
  const protocols = version === 3 ? { protocols: ["mqttv3.1"] } : {};
  const { socket, tls, proxy, webSocket } = options;
  const transportOptions = { socket, tls, proxy, webSocket: { ...protocols, ...webSocket } };
  const context: TransportContext = {
    signal: controller.signal,
    report: (...status) => {
      host.tell(...status);
    },
    verify: (authentication) => host.verify(authentication),
  };
  const opening = (async () => transport.open(target, transportOptions, context))();
  const patience = { signal, timeoutMs: connectTimeoutMs, what: `Connecting to ${target.address}` };
  const { promise, resolve, reject } = new Deferred<Duplex>();
  opening.then(resolve, (cause: unknown) => {
    // A fault of the program: no other attempt would do better.
    const isFault = cause instanceof TypeError;
    reject(isFault ? new InvalidOptionError("transports", "The transport has a fault", { cause }) : cause);
  });
  giveUpWhen(patience, promise, environment, (reason) => {
    controller.abort(reason);
    // A transport that does not heed its signal must not keep us; what it opens too late is closed.
    reject(reason);
    opening.then((late) => {
      late.abort(reason);
    }, ignore);
  });
  const duplex = await promise;
  // What is left of the time is the server's to answer in.
  const timeoutMs = Math.max(Math.ceil(connectTimeoutMs - (environment.now() - startedAt)), 1);
  const maxInflight = options.maxInflight ?? (version === 5 ? defaultMaxInflight : defaultMaxInflightUntold);
  const expectsSession = hasBeenConnected || !options.cleanStart;
  const { sessionLost, resubscribe, republishInterval = 0 } = options;
  const republishMs = version === 5 ? 0 : republishInterval * 1000;
  return {
    duplex,
    request: {
      packet,
      timeoutMs,
      maxInflight,
      pingTimeoutMs,
      expectsSession,
      sessionLost,
      resubscribe,
      republishMs,
    },
  };
}

/**
 * Whether the reason for which a server hung up may be that it does not know the protocol version: it says so, in
 * this version's way or in that of MQTT 3.1.1, or, as long as no version `isKnown` to work, it says nothing at all. TLS
 * has failed for a reason of its own, which an older version of MQTT must not hide.
 */
export function mayBeVersion(error: MqttError, isKnown: boolean): boolean {
  const { reasonCode } = error;
  if (error instanceof ConnectionRefusedError) {
    return reasonCode === reasonCodes.unsupportedProtocolVersion || reasonCode === 1;
  }
  return error instanceof TransportError && !isKnown && !error.isTls;
}
