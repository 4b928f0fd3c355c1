import { KeyProblem } from "./problems.ts";

/** Reads the fields of SSH's wire format (RFC 4251, section 5). */
export class SshReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get rest(): Uint8Array {
    return this.#rest;
  }

  uint32(): number {
    return Buffer.from(this.#take(4)).readUInt32BE();
  }

  string(): Uint8Array {
    return this.#take(this.uint32());
  }

  text(): string {
    return Buffer.from(this.string()).toString("latin1");
  }

  #take(length: number): Uint8Array {
    if (this.#rest.length < length) throw new KeyProblem("is damaged");
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

export function sshString(value: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
