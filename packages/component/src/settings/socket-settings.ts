/** TCP, proxies and rates. */
export class SocketSettings {
  // Properties
  firewallAutoDetect = false;
  /** One of `FirewallTypes`. */
  firewallType = 0;
  firewallHost = "";
  firewallPassword = "";
  firewallPort = 0;
  firewallUser = "";
  localHost = "";
  localPort = 0;

  // Configuration settings of TCPClient
  /** Ms; undefined: not set. */
  keepAliveTimeMs: number | undefined = undefined;
  linger = true;
  /** Seconds. */
  lingerTime = 0;
  /** Bytes. */
  maxLineLength = 2048;
  /** Bytes a second; 0: no limit. */
  maxTransferRate = 0;
  proxyExceptionsList = "";
  tcpKeepAlive = false;
  tcpNoDelay = false;
  useIPv6: 0 | 1 | 2 = 0;

  // Configuration settings of Socket
  absoluteTimeout = false;
  firewallData = "";
  /** Bytes; undefined: the system's. */
  inBufferSize: number | undefined = undefined;
  outBufferSize: number | undefined = undefined;
}
