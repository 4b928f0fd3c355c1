/** What a client has counted since it was made, over all its connections. */
export interface Statistics {
  /** Bytes that transports have taken. */
  bytesSent: number;
  bytesReceived: number;
  /** Packets that were given to transports; not what `sendRaw` has sent. */
  packetsSent: number;
  packetsReceived: number;
  /** Messages that were sent, each once however often it was sent again. */
  messagesSent: number;
  /** Messages that were handed over; at QoS 2 each once however often it came. */
  messagesReceived: number;
  /** Connections that were made in place of a lost one. */
  reconnects: number;
  /**
   * The last round trip in ms: from CONNECT to the server's first packet, or from PINGREQ to PINGRESP, each counted from
   * when it was ready to be sent. Undefined until there was one.
   */
  roundTripMs: number | undefined;
}

/** Everything at zero. */
export function newStatistics(): Statistics {
  return {
    bytesSent: 0,
    bytesReceived: 0,
    packetsSent: 0,
    packetsReceived: 0,
    messagesSent: 0,
    messagesReceived: 0,
    reconnects: 0,
    roundTripMs: undefined,
  };
}
