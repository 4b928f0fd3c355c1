/** The Control Packets in bytes that hold nothing but whole ones. */
export function splitPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    let length = 0;
    let position = start + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(position++);
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    packets.push(bytes.subarray(start, position + length));
    start = position + length;
  }
  return packets;
}
