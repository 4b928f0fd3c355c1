/** What a client has counted since it was made, over all its connections. */
export class Statistics {
  /** Bytes that transports have taken. */
  bytesSent = 0;
  bytesReceived = 0;
  /** Packets that were given to transports, but for what `sendRaw` has sent. */
  packetsSent = 0;
  packetsReceived = 0;
  /** Messages that were sent, each once however often it was sent again. */
  messagesSent = 0;
  /** Messages that were handed over; at QoS 2 each once however often it came. */
  messagesReceived = 0;
  /** Connections that were made in place of a lost one. */
  reconnects = 0;
  /**
   * The last round trip in ms: from CONNECT to the server's first packet, or from PINGREQ to PINGRESP. Undefined until
   * there was one.
   */
  roundTripMs: number | undefined = undefined;
}
