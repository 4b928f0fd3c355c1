/** What a measured process does. */
export type Task =
  | {
      readonly kind: "publish";
      readonly qos: 0 | 1 | 2;
      readonly payloadBytes: number;
      /**
       * `bursts`: many in one turn, and then the last is waited for. `awaited`: one after the other. `outstanding`: 256
       * unanswered at any time.
       */
      readonly style: "bursts" | "awaited" | "outstanding";
    }
  | {
      readonly kind: "receive";
      readonly qos: 0 | 1 | 2;
      readonly payloadBytes: number;
      readonly style: "handler" | "loop";
    }
  | { readonly kind: "round-trip" | "idle" | "stalled" };

/** What the parent tells a measured process as its argument. */
export interface Assignment {
  readonly library: LibraryName;
  readonly task: Task;
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  /** How long to measure, in CPU seconds; the warm-up takes as long. */
  readonly cpuSeconds: number;
}

/** The libraries of ours, each of which can be measured against MQTT.js. */
export const ourLibraryNames = ["rivulet", "component"] as const;
export type OurLibraryName = (typeof ourLibraryNames)[number];
export type LibraryName = OurLibraryName | "mqtt.js";

/** What a measured process sends to its parent. */
export type Report =
  | { readonly type: "ready" }
  | {
      readonly type: "throughput";
      readonly messages: number;
      readonly cpuSeconds: number;
      readonly wallSeconds: number;
    }
  | { readonly type: "latency"; readonly millisecondsEach: readonly number[] }
  | { readonly type: "idle"; readonly heapBytes: number; readonly otherBytes: number; readonly residentBytes: number }
  | {
      readonly type: "stalled";
      readonly bufferedBytes: number;
      /** What the process has grown by. */
      readonly residentBytes: number;
      readonly rejected: number;
      /** Whether the client says that it should be given no more; undefined where it does not say. */
      readonly readyToSend: boolean | undefined;
    };

/** Messages in flight of the style `outstanding`. */
export const outstanding = 256;

/** Messages of one turn in the style `bursts`: 8 KiB of small ones, 1 MiB of large ones. */
export function burstSize(payloadBytes: number): number {
  return payloadBytes > 1000 ? 16 : 100;
}

export const idleClients = 1000;
export const stalledMessages = 100_000;
export const stalledPayloadBytes = 1024;

/** A PUBLISH to the peer on this topic with Retain set makes it stop reading. */
export const stallTopic = "stall";
/** One on this topic makes it send messages; the payload says how: "qos payloadBytes count". */
export const sourceTopic = "source";

/** Different topics of 20 bytes, taken in turn. */
export const topics: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `home/floor1/room/${String(index).padStart(3, "0")}`,
);
export const topicFilter = "home/#";
