import { TransportError } from "@rivulet/engine";

const otherVersion = "the server speaks no version of TLS that is allowed here (tls.minVersion, tls.maxVersion)";

/** Alerts of the server (RFC 8446, 6.2; RFC 5246, 7.2.2), as the second half of a sentence. */
const alerts: ReadonlyMap<number, string> = new Map([
  [10, "the server did not expect one of our messages"],
  [20, "the server could not decipher one of our messages"],
  [
    40,
    "the server shares no cipher suite, group or signature algorithm with us, or wants a client certificate (tls.cert)",
  ],
  [42, "the server found our certificate (tls.cert) damaged"],
  [43, "the server does not take a certificate of the kind of ours (tls.cert)"],
  [44, "our certificate (tls.cert) has been revoked, says the server"],
  [45, "our certificate (tls.cert) has expired, says the server"],
  [46, "the server does not accept our certificate (tls.cert)"],
  [47, "the server found a value of ours to be wrong"],
  [48, "the server does not know the authority behind our certificate (tls.cert)"],
  [49, "the server denies access to our certificate (tls.cert)"],
  [50, "the server could not read one of our messages"],
  [51, "the server could not verify a signature of ours"],
  [70, otherVersion],
  [71, "the server wants a stronger cipher or key than we offer"],
  [80, "the server has failed by itself"],
  [86, "the server suspects that somebody has lowered the version of TLS"],
  [90, "the server has cancelled the handshake"],
  [109, "the server misses an extension"],
  [112, "the server does not know the name that it was told (tls.serverName)"],
  [116, "the server wants a client certificate (tls.cert)"],
  [120, "the server speaks none of tls.alpnProtocols"],
]);

const notTls = "the server does not speak TLS there";
const hungUp = "the server closed the connection during the handshake, as one does that does not speak TLS";
const weakKey = "the server's key is too weak for this platform's OpenSSL";

/** Findings of our own OpenSSL, and what the system says, by their codes. */
const findings: ReadonlyMap<string, string> = new Map([
  ["ERR_SSL_WRONG_VERSION_NUMBER", notTls],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", notTls],
  ["ERR_SSL_RECORD_LAYER_FAILURE", notTls],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", otherVersion],
  // Deno does not tell the alert's number.
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", otherVersion],
  ["ERR_SSL_WRONG_SSL_VERSION", otherVersion],
  ["ERR_SSL_DH_KEY_TOO_SMALL", weakKey],
  ["ERR_SSL_EE_KEY_TOO_SMALL", weakKey],
  ["ERR_TLS_DH_PARAM_SIZE", weakKey],
  [
    "ERR_SSL_WRONG_SIGNATURE_TYPE",
    "the server signs with an algorithm that is not allowed here (tls.signatureAlgorithms)",
  ],
  ["ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "the server does not know safe renegotiation (RFC 5746)"],
  ["ERR_SSL_NO_PROTOCOLS_AVAILABLE", "this platform's OpenSSL has none of the versions of TLS that are allowed"],
  ["ERR_SSL_UNEXPECTED_EOF_WHILE_READING", hungUp],
  ["ECONNRESET", hungUp],
  ["EPIPE", hungUp],
]);

/** What a failure of TLS means, as the second half of a sentence; undefined when it is none. */
export function describeTlsFailure(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code, library, reason } = cause as Error & { code?: unknown; library?: unknown; reason?: unknown };
  const isTls = (typeof code === "string" && /^ERR_(?:SSL|TLS|OSSL)_/.test(code)) || library === "SSL routines";
  if (!isTls) return undefined;
  const alert = alertNumber(cause.message);
  const known = alert === undefined ? findings.get(String(code)) : alerts.get(alert);
  // What else OpenSSL says stands among file names and numbers.
  return known ?? (typeof reason === "string" ? `OpenSSL says "${reason}"` : String(code));
}

/** The alert that the server sent, if the message is about one; its number is also in that of the error, above 1,000. */
function alertNumber(message: string): number | undefined {
  const told = /SSL alert number (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  const reason = Number.parseInt(/\berror:[\da-f]{0,5}([\da-f]{3}):/i.exec(message)?.[1] ?? "0", 16);
  return reason > 1000 ? reason - 1000 : undefined;
}

/** TLS could not be made; `isSecure` says whether the handshake was over, and only the decision was not. */
export function handshakeError(address: string, cause: unknown, isSecure = false): TransportError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const ofSystem =
    isSecure && findings.get(code) === hungUp ? "the server has closed the connection" : findings.get(code);
  const meaning = describeTlsFailure(cause) ?? ofSystem ?? (cause instanceof Error ? cause.message : String(cause));
  return new TransportError(`Cannot make TLS with ${address}: ${meaning}`, {
    cause,
    isTls: true,
    failure: "handshake",
  });
}
