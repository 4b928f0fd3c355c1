import type { Subject } from "./subject.ts";
import { sourceTopic } from "./task.ts";

/** Does the work for so many messages. */
export type Work = (messages: number) => Promise<void>;

/** What is received. */
export interface Reception {
  readonly qos: 0 | 1 | 2;
  readonly payloadBytes: number;
  readonly style: "handler" | "loop";
}

/** Subscribes; each work asks the peer for so many messages, and is done when all have come. */
export async function receiving(subject: Subject, { qos, payloadBytes, style }: Reception): Promise<Work> {
  let missing = 0;
  let complete: () => void;
  await subject.receive(qos, style, (payload) => {
    if (payload.length !== payloadBytes) throw new Error(`A payload of ${payload.length} bytes came`);
    if (--missing === 0) complete();
  });
  return async (messages) => {
    missing = messages;
    const completed = new Promise<void>((resolve) => {
      complete = resolve;
    });
    await subject.command(sourceTopic, `${qos} ${payloadBytes} ${messages}`);
    await completed;
  };
}
