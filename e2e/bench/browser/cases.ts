import type { BrowserTask } from "./task.ts";

/** A row of the table. */
export interface BrowserCase {
  readonly name: string;
  readonly task: BrowserTask;
  /** The part of MQTT.js's CPU time that is not to be exceeded; a row without one is there to be seen. */
  readonly targetRatio?: number;
}

export const browserCases: readonly BrowserCase[] = [
  { name: "publish QoS 0, bursts", task: { kind: "publish", qos: 0 }, targetRatio: 0.4 },
  { name: "publish QoS 1, 256 outstanding", task: { kind: "publish", qos: 1 }, targetRatio: 0.35 },
  {
    name: "receive QoS 0, many packets a frame",
    task: { kind: "receive", qos: 0, frames: "many packets each" },
    targetRatio: 0.4,
  },
  {
    name: "receive QoS 0, a packet a frame",
    task: { kind: "receive", qos: 0, frames: "a packet each" },
    targetRatio: 0.8,
  },
  { name: "receive QoS 1, many packets a frame", task: { kind: "receive", qos: 1, frames: "many packets each" } },
];

/** The evaluation of the script by itself. */
export const evaluation = { name: "evaluation of the script", targetMs: 5 } as const;
