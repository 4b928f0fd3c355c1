import type { ControlPacketInput, ProtocolVersion } from "@rivulet/codec";

/** One thing that a client does; when its answers have come, the next one is done. */
export type Act =
  /** Sends packets; the first of a client opens its connection. */
  | { readonly client: string; readonly send: readonly ControlPacketInput[] }
  /** Drops the connection without a word. */
  | { readonly client: string; readonly drop: true }
  /** Lets time pass, in ms. */
  | { readonly wait: number };

/** What clients do, packet by packet, and nothing that chance decides. */
export interface Script {
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly acts: readonly Act[];
  /** The clauses that the script breaks, which the model broker has to notice. */
  readonly violations?: readonly string[];
}

/** A server, wherever it runs. */
export interface Target {
  open(peer: TargetPeer): Promise<TargetConnection>;
  wait(delayMs: number): Promise<void>;
  /** Gives the server a chance to do what it has to do. */
  rest(): Promise<void>;
}

/** Who is told what a server does on one connection. */
export interface TargetPeer {
  received(chunk: Uint8Array): void;
  closed(): void;
}

/** One connection to a server. */
export interface TargetConnection {
  send(bytes: Uint8Array): void;
  drop(): void;
}
