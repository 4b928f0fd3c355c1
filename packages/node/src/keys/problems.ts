import { InvalidOptionError, UnsupportedError, type MqttErrorOptions } from "@rivulet/engine";
import { DerError } from "./der.ts";

/** Bytes that were given for an option. */
export interface Material {
  readonly bytes: Uint8Array;
  readonly option: string;
  /** What errors call it, such as `tls.ca (file authorities.pem)`. */
  readonly label: string;
  /** What errors call the passphrase; `tls.passphrase` if it is left out. */
  readonly passphraseLabel?: string;
}

type ProblemKind = "invalid" | "unsupported" | "passphrase-missing" | "passphrase-wrong";

/**
 * What is wrong with a certificate or a key, found where nobody knows which option it belongs to. The message goes on
 * after the option's name, such as `is damaged`. It never holds a part of what was read, and never a cause: those of
 * `JSON.parse` and `node:crypto` quote what they were given.
 */
export class KeyProblem extends Error {
  readonly kind: ProblemKind;

  constructor(message: string, kind: ProblemKind = "invalid") {
    super(message);
    this.kind = kind;
  }

  override name = "KeyProblem";
}

export function invalid(material: Material, message: string, options?: MqttErrorOptions): InvalidOptionError {
  return new InvalidOptionError(material.option, `${material.label} ${message}`, options);
}

/** Runs `read`; what it says is wrong becomes an error that names the option. */
export async function naming<Value>(material: Material, read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw translated(material, error);
  }
}

/** The same for what is read at once. */
export function namingNow<Value>(material: Material, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw translated(material, error);
  }
}

function translated(material: Material, error: unknown): unknown {
  if (error instanceof DerError) return invalid(material, "is damaged");
  if (!(error instanceof KeyProblem)) return error;
  const { option, label, passphraseLabel: passphrase = "tls.passphrase" } = material;
  switch (error.kind) {
    case "invalid":
      return invalid(material, error.message);
    case "unsupported":
      return new UnsupportedError(option, `${label} ${error.message}`);
    case "passphrase-missing":
      return new InvalidOptionError(passphrase, `${label} is encrypted, and needs ${passphrase}`);
    case "passphrase-wrong":
      return new InvalidOptionError(passphrase, `${passphrase} does not open ${label}`);
  }
}
