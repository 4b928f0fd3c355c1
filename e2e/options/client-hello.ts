/** What a client offers in the first message of TLS (RFC 8446 section 4.1.2). */
export interface ClientHello {
  /** Hexadecimal digits: what key logs go by. */
  readonly random: string;
  readonly cipherSuites: readonly number[];
  readonly serverName: string | undefined;
  readonly groups: readonly number[];
  /** The groups that it has a key share of. */
  readonly keyShares: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly alpnProtocols: readonly string[];
  readonly versions: readonly number[];
  readonly asksForStapledAnswer: boolean;
  /** Whether it says that it renegotiates securely (RFC 5746), in either of the two ways. */
  readonly tellsOfRenegotiation: boolean;
}

/** Reads the ClientHello at the beginning of what a client sent; it must be in one record. */
export function parseClientHello(bytes: Uint8Array): ClientHello {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] !== 22 || buffer[5] !== 1) throw new Error("This is no ClientHello");
  let at = 5 + 4 + 2 + 32;
  at += 1 + buffer.readUInt8(at);
  const ciphersEnd = at + 2 + buffer.readUInt16BE(at);
  const cipherSuites = numbers(buffer.subarray(at + 2, ciphersEnd));
  at = ciphersEnd + 1 + buffer.readUInt8(ciphersEnd);
  const end = at + 2 + buffer.readUInt16BE(at);
  const extensions = new Map<number, Buffer>();
  for (at += 2; at < end;) {
    const length = buffer.readUInt16BE(at + 2);
    extensions.set(buffer.readUInt16BE(at), buffer.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const listed = (type: number): number[] => numbers(extensions.get(type)?.subarray(2) ?? Buffer.alloc(0));
  return {
    random: buffer.subarray(11, 43).toString("hex"),
    cipherSuites,
    serverName: extensions.get(0)?.subarray(5).toString(),
    groups: listed(10),
    keyShares: keyShares(extensions.get(51)?.subarray(2) ?? Buffer.alloc(0)),
    signatureAlgorithms: listed(13),
    alpnProtocols: names(extensions.get(16)?.subarray(2) ?? Buffer.alloc(0)),
    versions: numbers(extensions.get(43)?.subarray(1) ?? Buffer.alloc(0)),
    asksForStapledAnswer: extensions.has(5),
    tellsOfRenegotiation: extensions.has(0xff01) || cipherSuites.includes(0x00ff),
  };
}

function numbers(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(index * 2));
}

function keyShares(bytes: Buffer): number[] {
  const groups: number[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) groups.push(bytes.readUInt16BE(at));
  return groups;
}

function names(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt8(at)) {
    found.push(bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at)).toString());
  }
  return found;
}
