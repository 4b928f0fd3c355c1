/** What stands at the head of a record of TLS (RFC 8446, section 5.1). */
export interface RecordHeader {
  readonly contentType: number;
  readonly version: number;
  /** Of what follows the head. */
  readonly length: number;
}

const headerBytes = 5;

/** Finds the heads of records in bytes that come in any pieces. Nothing of what is in the records is kept. */
export class RecordReader {
  readonly #header: Uint8Array = new Uint8Array(headerBytes);
  /** How much of the head has come. */
  #headerLength = 0;
  /** What is still to come of the record behind a head. */
  #rest = 0;
  readonly #found: (header: RecordHeader) => void;

  constructor(found: (header: RecordHeader) => void) {
    this.#found = found;
  }

  read(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, bytes.length - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      const part = bytes.subarray(at, at + headerBytes - this.#headerLength);
      this.#header.set(part, this.#headerLength);
      this.#headerLength += part.length;
      at += part.length;
      if (this.#headerLength < headerBytes) return;
      this.#headerLength = 0;
      const [contentType = 0, major = 0, minor = 0, high = 0, low = 0] = this.#header;
      this.#rest = high * 256 + low;
      this.#found({ contentType, version: major * 256 + minor, length: this.#rest });
    }
  }
}

const contentTypes: Readonly<Record<number, string>> = {
  20: "change_cipher_spec",
  21: "alert",
  22: "handshake",
  23: "application_data",
  24: "heartbeat",
};

const versions: Readonly<Record<number, string>> = {
  0x0300: "SSL 3.0",
  0x0301: "TLS 1.0",
  0x0302: "TLS 1.1",
  0x0303: "TLS 1.2",
  0x0304: "TLS 1.3",
};

/**
 * A record in words, such as `handshake, TLS 1.2, 122 bytes`. The version is what stands in the head, which TLS 1.3 has say
 * 1.2, and a first message may have say 1.0.
 */
export function describeRecord({ contentType, version, length }: RecordHeader): string {
  const type = contentTypes[contentType] ?? `content type ${contentType}`;
  const name = versions[version] ?? `version 0x${version.toString(16).padStart(4, "0")}`;
  return `${type}, ${name}, ${length} bytes`;
}
