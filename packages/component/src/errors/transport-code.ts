import { TransportError, type TransportFailure } from "rivulet";
import { platformCode } from "./platform-codes.ts";

const failures: Readonly<Record<TransportFailure, number>> = {
  proxy: 118,
  handshake: 276,
  issuer: 274,
  authority: 275,
  certificate: 280,
  "no-certificate": 282,
  upgrade: 151,
  webSocket: 4003,
  // What Windows says of a connection whose keep-alive has found that nobody is there any more. It is not 10060, which
  // says that no connection could be made in time, nor 1120, since nobody has hung up.
  silence: 10052,
};

/** The code for a connection that could not be made, or was lost. */
export function transportCode({ failure, isTls, closeCode, cause }: TransportError, isConnecting: boolean): number {
  if (failure === "proxy") return failures.proxy;
  if (isTls && wantsCertificate(cause)) return 281;
  if (failure !== undefined && failure !== "webSocket") return failures[failure];
  if (isTls) return couldNotDecipherUs(cause) ? 283 : 284;
  const told = platformCode(cause);
  if (told !== undefined) return told;
  if (closeCode !== undefined) return closedCode(closeCode, isConnecting);
  if (isNotHttp(cause)) return failures.upgrade;
  if (failure !== undefined) return failures[failure];
  if (cause instanceof TransportError) return transportCode(cause, isConnecting);
  // Without a cause it was the server who hung up; with one that nobody knows, it was this side.
  return cause === undefined ? 1120 : 10053;
}

/** Close codes with which an end of a WebSocket complains of what it was sent (RFC 6455, 7.4.1). */
const complaints: readonly number[] = [1002, 1003, 1007, 1009, 1010];

/** Browsers do not say why a WebSocket could not be opened: 1006 is all they tell of that, and of a loss. */
function closedCode(closeCode: number, isConnecting: boolean): number {
  return isConnecting || complaints.includes(closeCode) ? failures.webSocket : 1120;
}

/** Node's parser says so of what the server has answered to an upgrade. */
function isNotHttp(cause: unknown): boolean {
  return codeOf(cause).startsWith("HPE_");
}

/** The server can say so from TLS 1.3 on. */
function wantsCertificate(cause: unknown): boolean {
  return isAlert(cause, "CERTIFICATE_REQUIRED", "CertificateRequired");
}

function couldNotDecipherUs(cause: unknown): boolean {
  return isAlert(cause, "BAD_RECORD_MAC", "BadRecordMac");
}

/**
 * Whether the server has ended TLS with that alert (RFC 8446, 6.2): Node has its name in the code, and Deno, where other
 * codes stand for it too, another one in the message.
 */
function isAlert(cause: unknown, ofNode: string, ofDeno: string): boolean {
  if (!(cause instanceof Error)) return false;
  return codeOf(cause).endsWith(`ALERT_${ofNode}`) || cause.message.endsWith(`fatal alert: ${ofDeno}`);
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
