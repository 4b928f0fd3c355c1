import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import {
  type TlsInfo,
  type TlsOptions,
  type TransportContext,
  TransportError,
  type TransportTarget,
} from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import { untilAborted } from "../until-aborted.ts";
import { authenticate } from "./authenticate.ts";
import { GuardedSocket } from "./guarded-socket.ts";
import { writeKeyLog } from "./key-log.ts";
import { maxServerCertificates } from "./limits.ts";
import { prepare, type Preparation } from "./prepare.ts";
import { RecordTap } from "./record-tap.ts";
import { findSession, forgetSession, keepSession, type KeptSession } from "./sessions.ts";
import { handshakeError } from "./tls-errors.ts";
import { type AgreedTls, describeAgreement } from "./tls-info.ts";

/** A connection that TLS has been made on, with a server that was accepted. */
export interface Secured {
  /** Paused; nothing of the application has been read or written. */
  readonly socket: TLSSocket;
  readonly info: TlsInfo;
}

/**
 * Makes TLS on a socket that is connected, and decides whether the server is the one that is meant. On any failure the
 * socket is destroyed.
 *
 * All is verified that has no relaxation by name, and each relaxation is about its own problem only. With
 * `alpnProtocols`, a server that chooses none is accepted, as servers without ALPN are; the one that it chose stands in
 * `info`. `["mqtt"]` is the name that is registered for MQTT; `["x-amzn-mqtt-ca"]` is what AWS IoT wants on port 443 of
 * clients with a certificate.
 *
 * @throws InvalidOptionError, UnsupportedError naming the option; TransportError when the handshake fails or the server is
 * refused; the signal's reason.
 */
export async function secure(
  socket: Socket,
  target: TransportTarget,
  options: TlsOptions,
  context: TransportContext,
): Promise<Secured> {
  const { signal } = context;
  // Files are read first, and nobody else listens meanwhile.
  socket.on("error", ignore);
  try {
    signal.throwIfAborted();
    const preparation = await untilAborted(signal, prepare(target, options));
    const address = formatAddress(target);
    if (socket.destroyed) {
      throw handshakeError(address, socket.errored ?? new Error("the server has closed the connection"));
    }
    const secured = await shakeHands(socket, { options, context, preparation, address });
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

interface Handshake {
  readonly options: TlsOptions;
  readonly context: TransportContext;
  readonly preparation: Preparation;
  /** What errors call the server. */
  readonly address: string;
}

async function shakeHands(socket: Socket, handshake: Handshake): Promise<Secured> {
  const { options, context, preparation, address } = handshake;
  const { sessionKey } = preparation;
  const kept = mayReuse(options) ? findSession(options, sessionKey) : undefined;
  context.report(`handshake with ${address}`, "tls");
  const tlsSocket = startTls(socket, handshake, kept);
  let isSecure = false;
  const guarded = new GuardedSocket(tlsSocket, context.signal, (cause) => handshakeError(address, cause, isSecure));
  let stapled: Uint8Array | undefined;
  tlsSocket.on("OCSPResponse", (response: Buffer | null) => {
    stapled = response === null ? undefined : new Uint8Array(response);
  });
  const keeper = new SessionKeeper(tlsSocket);
  try {
    await guarded.whenSecure();
    isSecure = true;
    const agreed = describeAgreement(tlsSocket, preparation.serverName || undefined);
    if (agreed === undefined) throw handshakeError(address, new Error("the server has closed the connection"));
    reportAgreement(agreed, context);
    // Whoever is told so may abort, and a socket that is gone shows no certificate.
    context.signal.throwIfAborted();
    checkProtocol(agreed, handshake);
    const reused = agreed.isSessionReused ? kept : undefined;
    const evidence = {
      certificates: reused?.certificates.map((der) => new X509Certificate(der)) ?? shownCertificates(tlsSocket),
      opensslError: reused === undefined ? authorizationError(tlsSocket) : reused.opensslError,
      hostname: preparation.hostname,
      cipherSuite: agreed.cipherSuite,
    };
    const isOver = (): boolean => tlsSocket.destroyed;
    const deciding = authenticate({ evidence, preparation, options, context, stapled, address, isOver });
    const { certificates, problems } = await guarded.wait(deciding);
    context.signal.throwIfAborted();
    if (mayReuse(options)) {
      const shown = evidence.certificates.map(({ raw }) => new Uint8Array(raw));
      keeper.keep((session) => {
        keepSession(options, sessionKey, { session, certificates: shown, opensslError: evidence.opensslError });
      });
    }
    guarded.release();
    const ownKey = agreed.keyExchange === "RSA" ? certificates[0]?.publicKeyLengthBits : undefined;
    const keyExchangeStrengthBits = agreed.keyExchangeStrengthBits ?? ownKey;
    return { socket: tlsSocket, info: { ...agreed, keyExchangeStrengthBits, certificates, problems } };
  } catch (error) {
    // It may be what the handshake failed of, and another server may have been refused by it.
    forgetSession(options, sessionKey);
    guarded.destroy();
    throw error;
  }
}

/** Nothing is stapled to a session that is taken up again. */
function mayReuse({ reuseSession = true, ocspStapling = "off" }: TlsOptions): boolean {
  return reuseSession && ocspStapling === "off";
}

function startTls(
  socket: Socket,
  { options, context, preparation }: Handshake,
  kept: KeptSession | undefined,
): TLSSocket {
  const { settings, secureContext, serverName } = preparation;
  const { ocspStapling = "off", keyLogFile, logRecords = false } = options;
  const report = (message: string): void => {
    context.report(message, "tls");
  };
  // The types do not know the last two.
  const connection: ConnectionOptions & { readonly requestOCSP: boolean; readonly highWaterMark: number } = {
    socket: logRecords ? new RecordTap(socket, report) : socket,
    secureContext,
    servername: serverName,
    ...(settings.ALPNProtocols === undefined ? {} : { ALPNProtocols: settings.ALPNProtocols }),
    ...(kept === undefined ? {} : { session: kept.session }),
    requestOCSP: ocspStapling !== "off",
    // Node would go by the first error that it meets. What it finds is judged in `authenticate`, with all the rest.
    rejectUnauthorized: false,
    checkServerIdentity: ignore,
    highWaterMark: socket.readableHighWaterMark,
  };
  const tlsSocket = connect(connection);
  if (keyLogFile !== undefined) writeKeyLog(tlsSocket, keyLogFile);
  return tlsSocket;
}

function reportAgreement({ protocol, cipherSuite, isSessionReused }: AgreedTls, context: TransportContext): void {
  const how = isSessionReused ? ", going on with an earlier session" : "";
  context.report(`agreed on ${protocol} with ${cipherSuite}${how}`, "tls");
}

/** A server may choose no protocol, but none that it was not offered (RFC 7301, 3.1). */
function checkProtocol({ alpnProtocol }: AgreedTls, { preparation, address }: Handshake): void {
  if (alpnProtocol === undefined || preparation.settings.ALPNProtocols?.includes(alpnProtocol) === true) return;
  throw new TransportError(
    `Cannot make TLS with ${address}: the server has chosen ${JSON.stringify(alpnProtocol)}, which tls.alpnProtocols does not offer`,
    { isTls: true, failure: "handshake" },
  );
}

/** The server's certificate, then those of its issuers as far as they are known. */
function shownCertificates(socket: TLSSocket): X509Certificate[] {
  const certificates: X509Certificate[] = [];
  let current = socket.getPeerCertificate(true);
  // Without a certificate it is an empty object; at the end, a root is its own issuer.
  while ((current as { raw?: Buffer } | undefined)?.raw !== undefined) {
    const isKnown = certificates.some(({ raw }) => raw.equals(current.raw));
    if (isKnown || certificates.length === maxServerCertificates) break;
    certificates.push(new X509Certificate(current.raw));
    current = current.issuerCertificate;
  }
  return certificates;
}

/** The code of what OpenSSL has found. Declared as an Error, it is a string. */
function authorizationError(socket: TLSSocket): string | undefined {
  const error: unknown = socket.authorizationError;
  if (error === null || error === undefined) return undefined;
  if (typeof error === "string") return error;
  return error instanceof Error && "code" in error ? String(error.code) : "UNSPECIFIED";
}

/** Servers give sessions at the end of the handshake or at any time after it. They are kept once the server is accepted. */
class SessionKeeper {
  #latest: Buffer | undefined;
  #keep: ((session: Buffer) => void) | undefined;

  constructor(socket: TLSSocket) {
    socket.on("session", (session: Buffer) => {
      this.#latest = session;
      this.#keep?.(session);
    });
  }

  keep(keep: (session: Buffer) => void): void {
    this.#keep = keep;
    if (this.#latest !== undefined) keep(this.#latest);
  }
}

function ignore(): undefined {}
