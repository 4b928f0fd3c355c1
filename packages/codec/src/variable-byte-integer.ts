/** What is wrong with a Variable Byte Integer that is refused, in words for an error message. */
export const illFormedInteger = "is not in its shortest form";

/** Whether a byte may not be this one of a Variable Byte Integer's, counted from 1. */
export function isIllFormed(byte: number, count: number): boolean {
  return byte === 0 ? count > 1 : byte > 0x7f && count > 3; // [MQTT-1.5.5-1]
}

/** The bytes that a Variable Byte Integer takes: 1 to 4. */
export function variableByteIntegerLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}
