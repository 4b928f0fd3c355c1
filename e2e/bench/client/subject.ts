/** Payloads that are sent in turn: the same one each time would always be in the processor's cache. */
export type Payloads = readonly Uint8Array[];

/** What the measured process needs of a client library. Each is written as a user of that library would. */
export interface Subject {
  publishBursts(payloads: Payloads, count: number, burst: number): Promise<void>;
  publishAwaited(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void>;
  publishOutstanding(qos: 0 | 1 | 2, payloads: Payloads, count: number): Promise<void>;
  /** Subscribes; from then on each message goes to `onMessage`. */
  receive(qos: 0 | 1 | 2, style: "handler" | "loop", onMessage: (payload: Uint8Array) => void): Promise<void>;
  /** Tells the peer something. */
  command(topic: string, payload: string): Promise<void>;
  /** Publishes at QoS 0 without waiting, as many as it may; returns the number of those that were refused. */
  publishForgotten(count: number, makePayload: () => Uint8Array): Promise<number>;
  readonly bufferedBytes: number;
  readonly readyToSend: boolean | undefined;
}

/** Makes a client and connects it. */
export type ConnectSubject = (url: string, protocolVersion: 4 | 5) => Promise<Subject>;

/** The element at an index, beginning anew at the end. */
export function nth<Value>(values: readonly Value[], index: number): Value {
  return values[index % values.length] as Value; // The remainder is within.
}
