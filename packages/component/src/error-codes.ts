import type { ErrorGroup } from "./error-group.ts";

/**
 * The documented codes. In the order in which a code that two groups have is looked up, but for 302: see `errorText`.
 * Those of TCP/IP are the numbers of Windows Sockets; their texts get the number in brackets in front.
 */
const texts: Readonly<Record<ErrorGroup, Readonly<Record<number, string>>>> = {
  MQTT: {
    500: "Refused by the server, or against the protocol",
    501: "All packet identifiers are in use",
    502: "Not a topic name",
    503: "Not a topic filter",
    504: "Malformed data",
    505: "Not a quality of service",
  },
  WebSocket: {
    4001: "Could not send a packet over the WebSocket",
    4002: "Could not send the WebSocket's closing frame",
    4003: "WebSocket failure",
  },
  HTTP: {
    118: "Firewall or proxy failure",
    143: "Another method is under way",
    151: "Unexpected HTTP answer",
    152: "The URL names no server",
    153: "Unknown URL scheme",
    155: "The server cannot send parts of a file",
    156: "No cookie with this index",
    301: "Interrupted by the caller",
    302: "Cannot read the file to send",
  },
  TCPClient: {
    100: "RemotePort is fixed while there is a connection",
    101: "RemoteHost is fixed while there is a connection",
    102: "RemoteHost cannot be connected to (0.0.0.0)",
    104: "There is a connection already; disconnect first",
    106: "LocalPort is fixed while there is a connection",
    107: "LocalHost is fixed while there is a connection",
    112: "MaxLineLength is fixed while there is a connection",
    116: "RemotePort must not be 0",
    117: "UseConnection is fixed while in use",
    135: "Would have to wait",
    201: "Took too long",
    211: "Not possible in this state",
    212: "Not possible without a connection",
    213: "Not possible for a listener",
    301: "Time is up",
    302: "Cannot read or write the file",
    434: "The text does not fit the code page",
    1105: "A connection is being made already",
    1117: "There is no connection; connect first",
    1119: "LocalHost is fixed while there is a connection",
    1120: "The server has closed the connection",
  },
  SSL: {
    270: "TLS is not available here",
    271: "Cannot open the certificate store",
    272: "No such certificate",
    273: "The certificate and its key cannot be used",
    274: "The issuers of the certificate are missing",
    275: "The certificate chain cannot be verified",
    276: "TLS handshake failed",
    280: "The server's certificate was not accepted",
    281: "No client certificate",
    282: "No server certificate",
    283: "Could not encrypt",
    284: "Could not decrypt",
  },
  "TCP/IP": {
    10004: "Call interrupted",
    10009: "Not an open descriptor",
    10013: "Not permitted",
    10014: "Invalid memory address",
    10022: "Not a valid value",
    10024: "Out of file descriptors",
    10035: "Socket is not ready",
    10036: "Socket is still busy",
    10037: "Socket is busy with this already",
    10038: "Not a socket",
    10039: "No destination given",
    10040: "Too long to send",
    10041: "Protocol does not fit the socket",
    10042: "Option is unknown or cannot be honored",
    10043: "Unknown protocol",
    10044: "Unknown type of socket",
    10045: "Not available on this socket",
    10046: "Unknown protocol family",
    10047: "Unknown address family",
    10048: "Local address and port are in use",
    10049: "Not an address of this machine",
    10050: "Network is not up",
    10051: "No way to the network",
    10052: "Connection dropped by the network",
    10053: "Connection ended by this machine",
    10054: "Connection reset by the server",
    10055: "Out of buffers",
    10056: "Socket has a connection already",
    10057: "Socket has no connection",
    10058: "Socket has been closed for sending",
    10059: "Too many references",
    10060: "No answer in time",
    10061: "Refused by the host",
    10062: "Symbolic links lead in circles",
    10063: "Path is too long",
    10064: "Host is not up",
    10065: "No way to the host",
    10066: "Directory has entries",
    10067: "Out of processes",
    10068: "Out of users",
    10069: "Disk quota used up",
    10070: "File handle has become invalid",
    10071: "Path is on a remote machine",
    10091: "Network system is not ready",
    10092: "Unsuitable version of Windows Sockets",
    10093: "Windows Sockets has not been started",
    11001: "No such host name",
    11002: "Host name cannot be looked up for now",
    11003: "Name server failed for good",
    11004: "Host name has no address",
  },
};

/** What a code means. Where two groups have it, `group` tells which; without it 301 is HTTP's and 302 TCPClient's. */
export function errorText(code: number, group?: ErrorGroup): { readonly group: ErrorGroup; readonly text: string } {
  const found = group ?? findGroup(code);
  // A code of nobody's is our own mistake, but an error that is being made is no place to throw another one.
  const text = texts[found][code] ?? `Error ${code}`;
  return { group: found, text: found === "TCP/IP" ? `[${code}] ${text}` : text };
}

function findGroup(code: number): ErrorGroup {
  if (code === 302) return "TCPClient";
  const groups = Object.keys(texts) as ErrorGroup[];
  return groups.find((group) => code in texts[group]) ?? "MQTT";
}
