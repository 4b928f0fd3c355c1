import { gatheredBytesLimit } from "./limits.ts";

/**
 * Makes one chunk of the small messages of one turn, and calls `receive` with it; with `undefined` for text. Returns how to
 * add a message, how to hand over at once what waits, and how to end it.
 *
 * A browser tells of each message by itself, and takes longer over a chunk of a stream than we over the packets in it. What
 * has gathered is handed over in a turn that no timer delays, as those of pages in the background are delayed. Where there
 * is no such turn, as in React Native, each message goes its way at once; so do large ones everywhere.
 */
export function gatherMessages(
  receive: (bytes: Uint8Array | undefined) => void,
): readonly [add: (data: string | ArrayBuffer) => void, handOver: () => void, end: () => void] {
  const channel = globalThis.MessageChannel && new MessageChannel();
  const gathered = new Uint8Array(gatheredBytesLimit);
  let length = 0;
  const handOver = (): void => {
    if (length) receive(gathered.slice(0, length));
    length = 0;
  };
  if (channel) channel.port1.onmessage = handOver;
  const add = (data: string | ArrayBuffer): void => {
    const bytes = typeof data === "string" ? undefined : new Uint8Array(data);
    if (channel && bytes && length + bytes.length <= gatheredBytesLimit) {
      if (!length) channel.port2.postMessage(0);
      gathered.set(bytes, length);
      length += bytes.length;
    } else {
      handOver();
      receive(bytes);
    }
  };
  return [add, handOver, () => channel?.port1.close()];
}
