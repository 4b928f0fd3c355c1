/** A page has no Buffer, and MQTT.js takes plain bytes there. */
export const Buffer: { from(buffer: ArrayBuffer, byteOffset: number, length: number): Uint8Array } = {
  from: (buffer, byteOffset, length) => new Uint8Array(buffer, byteOffset, length),
};
