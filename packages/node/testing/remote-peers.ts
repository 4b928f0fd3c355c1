import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";
import type { PeerCall, StartedPeer } from "../../websocket/testing/peer-registry.ts";
import type { NumberedOutcome } from "./peer-process.ts";
import type { TcpPeerOptions } from "./tcp-peer.ts";

/**
 * Scripted servers on Node, for a transport on another runtime: what is tested there is not the runtime's servers too.
 * `NODE` in the environment is the executable, `node` by default.
 */
export interface RemotePeers extends AsyncDisposable {
  start(options?: TcpPeerOptions): Promise<Peer>;
}

export function startRemotePeers(): RemotePeers {
  const script = fileURLToPath(new URL("peer-process.ts", import.meta.url));
  const flags = ["--conditions=@rivulet/source", "--import", "tsx"];
  const child = spawn(process.env["NODE"] ?? "node", [...flags, script], { stdio: ["pipe", "pipe", "inherit"] });
  const pending = new Map<number, (outcome: NumberedOutcome) => void>();
  let last = 0;
  createInterface(child.stdout).on("line", (line) => {
    const outcome = JSON.parse(line) as NumberedOutcome;
    pending.get(outcome.number)?.(outcome);
    pending.delete(outcome.number);
  });
  const exited = once(child, "close").then(() => {
    for (const [number, settle] of pending) settle({ number, error: "The process of the servers has ended" });
  });

  async function tell(method: PeerCall["method"], id: number, ...values: readonly unknown[]): Promise<void> {
    await ask(method, id, ...values);
  }

  async function ask(method: PeerCall["method"], id = 0, ...values: readonly unknown[]): Promise<unknown> {
    const number = ++last;
    const { value, error } = await new Promise<NumberedOutcome>((resolve) => {
      pending.set(number, resolve);
      child.stdin.write(`${JSON.stringify({ number, call: { id, method, values } })}\n`);
    });
    if (error !== undefined) throw new Error(error);
    return value;
  }

  function connectionOf(id: number): PeerConnection {
    const telling =
      (method: PeerCall["method"]) =>
      (...values: readonly unknown[]): Promise<void> =>
        tell(method, id, ...values);
    return {
      sentCount: async () => Number(await ask("sentCount", id)),
      ...{
        sendPattern: telling("sendPattern"),
        receivePattern: telling("receivePattern"),
        whenEnded: telling("whenEnded"),
      },
      ...{ pause: telling("pause"), resume: telling("resume"), end: telling("end"), reset: telling("reset") },
    };
  }

  return {
    start: async (options = {}) => {
      const { id, target } = (await ask("start", 0, options)) as StartedPeer;
      return {
        target,
        accept: async () => connectionOf(Number(await ask("accept", id))),
        whenIdle: () => tell("whenIdle", id),
        close: () => tell("close", id),
      };
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
