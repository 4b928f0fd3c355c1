/** A scripted server that is outside of the worker, and is reached by `fetch`. */
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";
import type { PeerCall, StartedPeer } from "../../websocket/testing/peer-registry.ts";

/** Starts a scripted server by way of the runner, which is at `controlUrl`. */
export async function startRemotePeer(controlUrl: string, options: object = {}): Promise<Peer> {
  const call = async (message: PeerCall): Promise<unknown> => {
    const response = await fetch(controlUrl, { method: "POST", body: JSON.stringify(message) });
    const { value, error } = (await response.json()) as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return value;
  };
  const { id, target } = (await call({ method: "start", values: [options] })) as StartedPeer;
  const simply = (method: PeerCall["method"]): Promise<unknown> => call({ id, method, values: [] });
  return {
    target,
    accept: async () => remoteConnection((await simply("accept")) as number, call),
    whenIdle: () => simply("whenIdle") as Promise<void>,
    close: () => simply("close") as Promise<void>,
  };
}

function remoteConnection(id: number, forward: (message: PeerCall) => Promise<unknown>): PeerConnection {
  const call = (method: PeerCall["method"], ...values: unknown[]): Promise<unknown> => forward({ id, method, values });
  return {
    sendPattern: (count, chunkBytes) => call("sendPattern", count, chunkBytes) as Promise<void>,
    sentCount: () => call("sentCount") as Promise<number>,
    receivePattern: (total) => call("receivePattern", total) as Promise<void>,
    pause: () => call("pause") as Promise<void>,
    resume: () => call("resume") as Promise<void>,
    end: () => call("end") as Promise<void>,
    reset: () => call("reset") as Promise<void>,
    whenEnded: () => call("whenEnded") as Promise<void>,
  };
}
