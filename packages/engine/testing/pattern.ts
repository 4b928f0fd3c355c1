/** The endless pattern that the two sides of the transport contract send each other, and waiting for a standstill. */

import type { Duplex } from "@rivulet/engine";
import type { ContractAssert } from "./contract-assert.ts";

/** More than any system's socket buffers hold, so that a stalled side must wait. */
export const BULK_BYTES: number = 64 * 1024 * 1024;
/** What bulk transfers are cut into. */
export const CHUNK_BYTES: number = 64 * 1024;

/** For how long a counter must not move to be called still, and how often it is looked at, in ms. */
const stillMs = 200;
const lookMs = 20;

/** Prime, so that no chunk size lines up with it. */
const period = 65_521;
const twoPeriods = Uint8Array.from({ length: 2 * period }, (_, index) => {
  const position = index % period;
  return (position * 31 + (position >> 8)) & 0xff;
});

/** `length` bytes of the pattern from `offset` on, in memory of their own. */
export function patternBytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const from = (offset + done) % period;
    const part = twoPeriods.subarray(from, from + Math.min(period, length - done));
    bytes.set(part, done);
    done += part.byteLength;
  }
  return bytes;
}

/** Whether `bytes` are those of the pattern from `offset` on. */
export function isPattern(bytes: Uint8Array, offset: number): boolean {
  const expected = patternBytes(offset, bytes.byteLength);
  for (let index = 0; index < expected.byteLength; index++) if (bytes[index] !== expected[index]) return false;
  return true;
}

/** Reads exactly `total` bytes and checks them. */
export async function readPattern(duplex: Duplex, total: number, assert: ContractAssert): Promise<void> {
  const reader = duplex.readable.getReader();
  let offset = 0;
  while (offset < total) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The stream ended after ${offset} bytes of ${total}`);
    assert.ok(isPattern(value, offset), `wrong bytes from ${offset} on`);
    offset += value.byteLength;
  }
  assert.equal(offset, total);
  reader.releaseLock();
}

/** Reads to the end, checks what came, and returns how much it was. */
export async function readAll(duplex: Duplex, assert: ContractAssert): Promise<number> {
  const reader = duplex.readable.getReader();
  for (let offset = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return offset;
    assert.ok(isPattern(value, offset), `wrong bytes from ${offset} on`);
    offset += value.byteLength;
  }
}

export interface StalledWriter {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Bytes whose write had settled when everything stood still. */
  readonly settled: number;
  /** Bytes written in all; final once `finish()` has settled. */
  written(): number;
  /** Settles as the write does that is under way, and stops writing. */
  finish(): Promise<void>;
}

/** Writes the pattern, each write after the one before has settled, until that stands still. */
export async function stallWriting(duplex: Duplex): Promise<StalledWriter> {
  const writer = duplex.writable.getWriter();
  let stop = false;
  let written = 0;
  let settled = 0;
  const writing = (async () => {
    while (!stop && written < BULK_BYTES) {
      const chunk = patternBytes(written, CHUNK_BYTES);
      written += CHUNK_BYTES;
      await writer.write(chunk);
      settled = written;
    }
  })();
  writing.catch(() => {}); // It is looked at by finish().
  await standsStill(() => Promise.resolve(settled));
  stop = true;
  return { writer, settled, written: () => written, finish: () => writing };
}

/** Waits until `count` has not changed for a moment, and returns it. */
export async function standsStill(count: () => Promise<number>): Promise<number> {
  let last = await count();
  for (let stillFor = 0; stillFor < stillMs; stillFor += lookMs) {
    await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
    const now = await count();
    if (now !== last) stillFor = 0;
    last = now;
  }
  return last;
}
