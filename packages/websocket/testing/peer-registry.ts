import type { TransportTarget } from "@rivulet/engine";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";
import { startWebSocketPeer } from "./web-socket-peer.ts";

/** A call from a page to a scripted server or one of its connections; plain data. */
export interface PeerCall {
  /** Absent for `start`. */
  readonly id?: number;
  readonly method:
    | "start"
    | "accept"
    | "whenIdle"
    | "close"
    | "sendPattern"
    | "sentCount"
    | "receivePattern"
    | "pause"
    | "resume"
    | "end"
    | "reset"
    | "whenEnded";
  readonly values: readonly unknown[];
}

export interface StartedPeer {
  readonly id: number;
  readonly target: TransportTarget;
}

/** Scripted servers and their connections, by number. */
export class PeerRegistry {
  readonly #peers = new Map<number, Peer>();
  readonly #connections = new Map<number, PeerConnection>();
  readonly #start: (options: object) => Promise<Peer>;
  #lastId = 0;

  constructor(start: (options: object) => Promise<Peer> = startWebSocketPeer) {
    this.#start = start;
  }

  async call({ id = 0, method, values }: PeerCall): Promise<unknown> {
    if (method === "start") {
      const peer = await this.#start(values[0] ?? {});
      this.#peers.set(++this.#lastId, peer);
      return { id: this.#lastId, target: peer.target } satisfies StartedPeer;
    }
    if (method === "accept") {
      const connection = await this.#peer(id).accept();
      this.#connections.set(++this.#lastId, connection);
      return this.#lastId;
    }
    if (method === "whenIdle" || method === "close") return this.#peer(id)[method]();
    const connection = this.#connections.get(id);
    if (connection === undefined) throw new Error(`There is no connection ${id}`);
    if (method === "sendPattern") return connection.sendPattern(Number(values[0]), Number(values[1]));
    if (method === "receivePattern") return connection.receivePattern(Number(values[0]));
    return connection[method]();
  }

  /** Closes what a page has left behind. */
  async closeAll(): Promise<void> {
    for (const peer of this.#peers.values()) await peer.close();
  }

  #peer(id: number): Peer {
    const peer = this.#peers.get(id);
    if (peer === undefined) throw new Error(`There is no server ${id}`);
    return peer;
  }
}
