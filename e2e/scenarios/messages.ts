import type { Message, QoS, Subscription } from "rivulet";

import { ok } from "./expect.ts";

export const qualities: readonly QoS[] = [0, 1, 2];

/** The next so many messages of a subscription, which stays subscribed. */
export async function take(subscription: Subscription, count: number): Promise<Message[]> {
  const reader = subscription.readable.getReader();
  const messages: Message[] = [];
  while (messages.length < count) {
    const { done, value } = await reader.read();
    ok(!done, `The subscription ended after ${messages.length} of ${count} messages`);
    messages.push(value);
  }
  reader.releaseLock();
  return messages;
}

/** The messages before the one whose text is `marker`: what was published before it and would have arrived by then. */
export async function takeUntil(subscription: Subscription, marker: string): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of subscription) {
    if (message.text() === marker) return messages;
    messages.push(message);
  }
  throw new Error(`The subscription ended before "${marker}" arrived`);
}

/** Bytes that repeat at no power of two, so that a shifted or doubled chunk shows. */
export function bytes(length: number): Uint8Array {
  const result = new Uint8Array(length);
  let state = length + 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    result[index] = state >>> 16;
  }
  return result;
}
