import type { Task } from "./task.ts";

/** Whom the clients talk to. */
export type PeerName = "sink" | "sink over WebSocket" | "mosquitto";

/** A row of the table. */
export interface ClientCase {
  readonly name: string;
  readonly peer: PeerName;
  readonly task: Task;
  /** What Rivulet is to reach; a row without one is there to be seen. */
  readonly target?: Target;
  /** What the component class is to reach; without one it is not measured: it has no such thing, or memory is meant. */
  readonly componentTarget?: Target;
}

/** A part of what the peer's figure is, or a figure in the case's own unit. */
export type Target = { readonly ratio: number } | { readonly value: number };

const small = 64;
const large = 64 * 1024;

/** What may wait by default, in MiB, and the batch that waits before it. */
const buffered = 16 + 1 / 16;

export const clientCases: readonly ClientCase[] = [
  {
    name: "publish QoS 0, bursts",
    peer: "sink",
    task: { kind: "publish", qos: 0, payloadBytes: small, style: "bursts" },
    target: { ratio: 0.2 },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "publish QoS 0, each awaited",
    peer: "sink",
    task: { kind: "publish", qos: 0, payloadBytes: small, style: "awaited" },
    target: { ratio: 0.25 },
    componentTarget: { ratio: 1 },
  },
  {
    name: "publish QoS 1, 256 outstanding",
    peer: "sink",
    task: { kind: "publish", qos: 1, payloadBytes: small, style: "outstanding" },
    target: { ratio: 0.3 },
    componentTarget: { ratio: 1 },
  },
  {
    name: "publish QoS 1, each awaited",
    peer: "sink",
    task: { kind: "publish", qos: 1, payloadBytes: small, style: "awaited" },
    componentTarget: { ratio: 1 },
  },
  {
    name: "publish QoS 2, 256 outstanding",
    peer: "sink",
    task: { kind: "publish", qos: 2, payloadBytes: small, style: "outstanding" },
    target: { ratio: 0.3 },
    componentTarget: { ratio: 1 },
  },
  {
    name: "receive QoS 0",
    peer: "sink",
    task: { kind: "receive", qos: 0, payloadBytes: small, style: "handler" },
    target: { ratio: 0.5 },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "receive QoS 0, for await",
    peer: "sink",
    task: { kind: "receive", qos: 0, payloadBytes: small, style: "loop" },
  },
  {
    name: "receive QoS 1",
    peer: "sink",
    task: { kind: "receive", qos: 1, payloadBytes: small, style: "handler" },
    target: { ratio: 0.25 },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "receive QoS 2",
    peer: "sink",
    task: { kind: "receive", qos: 2, payloadBytes: small, style: "handler" },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "publish QoS 0, 64 KiB",
    peer: "sink",
    task: { kind: "publish", qos: 0, payloadBytes: large, style: "bursts" },
    target: { ratio: 1 },
    componentTarget: { ratio: 1 },
  },
  {
    name: "receive QoS 0, 64 KiB",
    peer: "sink",
    task: { kind: "receive", qos: 0, payloadBytes: large, style: "handler" },
    target: { ratio: 1 },
    componentTarget: { ratio: 1 },
  },
  {
    name: "publish QoS 0, bursts",
    peer: "mosquitto",
    task: { kind: "publish", qos: 0, payloadBytes: small, style: "bursts" },
    target: { ratio: 0.25 },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "round trip QoS 1, one in flight",
    peer: "mosquitto",
    task: { kind: "round-trip" },
    target: { value: 0.2 },
    componentTarget: { value: 0.2 },
  },
  {
    name: "publish QoS 0, bursts",
    peer: "sink over WebSocket",
    task: { kind: "publish", qos: 0, payloadBytes: small, style: "bursts" },
    target: { ratio: 0.1 },
    componentTarget: { ratio: 0.5 },
  },
  {
    name: "receive QoS 1",
    peer: "sink over WebSocket",
    task: { kind: "receive", qos: 1, payloadBytes: small, style: "handler" },
    target: { ratio: 0.25 },
    componentTarget: { ratio: 0.5 },
  },
  { name: "1,000 idle clients", peer: "sink", task: { kind: "idle" }, target: { value: 13 } },
  { name: "100,000 x 1 KiB, stalled", peer: "sink", task: { kind: "stalled" }, target: { value: buffered } },
];
