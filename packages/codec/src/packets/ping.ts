import { finish, type Reader } from "../reader.ts";

// PINGREQ and PINGRESP are nothing but a fixed header (sections 3.12 and 3.13).

/** Writes one of the two. */
export function writePing(): void {}

/** Reads one of the two. */
export function readPing<T extends "pingreq" | "pingresp">(reader: Reader, type: T): { type: T } {
  finish(reader);
  return { type };
}
