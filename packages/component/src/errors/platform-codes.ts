/**
 * What platforms say of a failure, as one of the numbers of TCP/IP: the names that POSIX has for them, which Node and
 * Deno put into `code`, and the names of those errors of Deno that have none.
 */
const codes: Readonly<Record<string, number>> = {
  EINTR: 10004,
  EBADF: 10009,
  EACCES: 10013,
  EPERM: 10013,
  EFAULT: 10014,
  EINVAL: 10022,
  EMFILE: 10024,
  ENFILE: 10024,
  EAGAIN: 10035,
  EWOULDBLOCK: 10035,
  EINPROGRESS: 10036,
  EALREADY: 10037,
  ENOTSOCK: 10038,
  EDESTADDRREQ: 10039,
  EMSGSIZE: 10040,
  EPROTOTYPE: 10041,
  ENOPROTOOPT: 10042,
  EPROTONOSUPPORT: 10043,
  ESOCKTNOSUPPORT: 10044,
  EOPNOTSUPP: 10045,
  ENOTSUP: 10045,
  EPFNOSUPPORT: 10046,
  EAFNOSUPPORT: 10047,
  // Node's own word for an address of the other family.
  ERR_INVALID_ADDRESS_FAMILY: 10047,
  EADDRINUSE: 10048,
  EADDRNOTAVAIL: 10049,
  ENETDOWN: 10050,
  ENETUNREACH: 10051,
  ENETRESET: 10052,
  ECONNABORTED: 10053,
  ECONNRESET: 10054,
  // The server has reset it, which the first attempt to send finds.
  EPIPE: 10054,
  ENOBUFS: 10055,
  ENOMEM: 10055,
  EISCONN: 10056,
  ENOTCONN: 10057,
  ESHUTDOWN: 10058,
  ETOOMANYREFS: 10059,
  ETIMEDOUT: 10060,
  ECONNREFUSED: 10061,
  ELOOP: 10062,
  ENAMETOOLONG: 10063,
  EHOSTDOWN: 10064,
  EHOSTUNREACH: 10065,
  ENOTEMPTY: 10066,
  EPROCLIM: 10067,
  EUSERS: 10068,
  EDQUOT: 10069,
  ESTALE: 10070,
  EREMOTE: 10071,
  ENOTFOUND: 11001,
  EAI_NONAME: 11001,
  EAI_AGAIN: 11002,
  EAI_FAIL: 11003,
  EAI_NODATA: 11004,
  ENODATA: 11004,
};

const denoNames: Readonly<Record<string, number>> = {
  AddrInUse: 10048,
  AddrNotAvailable: 10049,
  BadResource: 10009,
  BrokenPipe: 10054,
  ConnectionAborted: 10053,
  ConnectionRefused: 10061,
  ConnectionReset: 10054,
  Interrupted: 10004,
  NetworkUnreachable: 10051,
  NotCapable: 10013,
  NotConnected: 10057,
  PermissionDenied: 10013,
  TimedOut: 10060,
  // The host is not even a name.
  URIError: 11001,
  WouldBlock: 10035,
};

/** Deno passes on what the C library says of a name, and no code. */
const lookUpFailure = "failed to lookup address information";

/**
 * Of several addresses that all have failed, the code that tells most: what a host has said, before what the way to it
 * was like, before what this machine has said.
 */
const telling: readonly number[] = [10061, 10054, 10060, 10064, 10065, 10051, 10050];

/** The number for what has failed, looked for along its causes; undefined when no platform has said anything known. */
export function platformCode(error: unknown): number | undefined {
  const seen = new Set<unknown>();
  for (let current = error; current instanceof Error && !seen.has(current); current = current.cause) {
    seen.add(current);
    const own = ownCode(current);
    if (own !== undefined) return own;
    if (current instanceof AggregateError) return mostTelling(current.errors.map(platformCode));
  }
  return undefined;
}

function ownCode(error: Error): number | undefined {
  // Node's HTTP calls it a reset when the server hangs up in good order.
  if (error.message === "socket hang up") return undefined;
  const code = "code" in error ? error.code : undefined;
  // So says Deno of an address that is not this machine's.
  if (code === "EINVAL" && "syscall" in error && error.syscall === "bind") return codes["EADDRNOTAVAIL"];
  const known = typeof code === "string" ? codes[code] : undefined;
  if (known !== undefined) return known;
  if (error.message.startsWith(lookUpFailure)) return lookUpCode(error.message);
  return denoNames[error.name];
}

function lookUpCode(message: string): number {
  if (/temporary/i.test(message)) return 11002;
  if (/non-recoverable/i.test(message)) return 11003;
  return /no address/i.test(message) ? 11004 : 11001;
}

function mostTelling(found: readonly (number | undefined)[]): number | undefined {
  return telling.find((code) => found.includes(code)) ?? found.find((code) => code !== undefined);
}
