/** Scripted servers in a process of their own, on Node: a call comes in on each line, its outcome goes out on a line. */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Peer } from "../../engine/testing/transport-contract.ts";
import { PeerRegistry, type PeerCall } from "../../websocket/testing/peer-registry.ts";
import { startTcpPeer, type TcpPeerOptions } from "./tcp-peer.ts";

/** A call, and the number that its outcome is to have. */
interface NumberedCall {
  readonly number: number;
  readonly call: PeerCall;
}

export interface NumberedOutcome {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

const registry = new PeerRegistry(startPeer);
for await (const line of createInterface(process.stdin)) void answer(JSON.parse(line) as NumberedCall);
await registry.closeAll();

async function answer({ number, call }: NumberedCall): Promise<void> {
  let outcome: NumberedOutcome;
  try {
    outcome = { number, value: await registry.call(call) };
  } catch (error) {
    outcome = { number, error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

/** A connection that was given up while it was made may be made all the same: its end has to be answered. */
async function startPeer(options: TcpPeerOptions): Promise<Peer> {
  const peer = await startTcpPeer(options);
  const endAll = async (): Promise<void> => {
    for (;;) await (await peer.accept()).whenEnded();
  };
  return {
    ...peer,
    whenIdle: () => {
      void endAll();
      return peer.whenIdle();
    },
  };
}
