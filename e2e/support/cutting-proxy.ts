import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { CutPlan } from "../scenarios/fault-calls.ts";

/** Where a connection is to be cut. */
interface Cut {
  readonly direction: "up" | "down";
  readonly afterBytes: number;
  /** Whether both sides are told by RST instead of FIN. */
  readonly isReset: boolean;
}

interface Way {
  readonly near: Socket;
  far?: Socket;
  /** What is to become of it; undefined when it has been cut, or is not to be. */
  cut?: Cut | undefined;
}

/**
 * A way to a loopback port that is cut by a plan, or when told to. What was carried before a cut has been handed to the
 * system on the other side, so that the bytes are the plan's; whether they are read before the end is noticed is up to
 * the two sides, as it is in life.
 */
export class CuttingProxy {
  readonly #port: number;
  readonly #plan: CutPlan | undefined;
  readonly #random: () => number;
  readonly #ways = new Set<Way>();
  readonly #server: Server;
  /** Connections that have been cut by the plan. */
  #cuts = 0;
  /** Those that are going to be. */
  #due = 0;
  #isHeld = false;

  constructor(port: number, plan?: CutPlan) {
    this.#port = port;
    this.#plan = plan;
    this.#random = randomNumbers(plan?.seed ?? 0);
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#accept(near));
  }

  /** How many connections have been cut by the plan. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Resolves to the port that it listens on. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port)); // on TCP
    });
  }

  /** Cuts the connections that there are; new ones are welcome. */
  cut(): void {
    for (const way of this.#ways) end(way);
  }

  /** Lets new connections wait. Those that there are go on. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const way of this.#ways) if (way.far === undefined) this.#carry(way);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #accept(near: Socket): void {
    const way: Way = { near };
    this.#ways.add(way);
    near.on("error", () => end(way));
    near.on("close", () => {
      this.#ways.delete(way);
      if (way.cut !== undefined) this.#due -= 1; // Somebody else was faster: another connection is cut instead.
      end(way);
    });
    if (!this.#isHeld) this.#carry(way);
  }

  #carry(way: Way): void {
    const { near } = way;
    const far = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    way.far = far;
    near.setNoDelay(true);
    far.on("error", () => end(way));
    far.on("close", () => end(way));
    way.cut = this.#nextCut();
    this.#copy(way, "up", { from: near, to: far });
    this.#copy(way, "down", { from: far, to: near });
    near.resume(); // The server has accepted it paused.
  }

  /** What the plan has for the next connection. */
  #nextCut(): Cut | undefined {
    const { cuts = 0, up, down } = this.#plan ?? {};
    if (this.#cuts + this.#due >= cuts) return undefined;
    this.#due += 1;
    const directions = [...(up ? [["up", up] as const] : []), ...(down ? [["down", down] as const] : [])];
    const [direction, [least, most]] = directions[Math.floor(this.#random() * directions.length)] ?? ["up", [0, 0]];
    const afterBytes = least + Math.floor(this.#random() * (most - least));
    return { direction, afterBytes, isReset: this.#random() < 0.5 };
  }

  #copy(way: Way, direction: Cut["direction"], { from, to }: { readonly from: Socket; readonly to: Socket }): void {
    const { cut } = way;
    let left = cut?.direction === direction ? cut.afterBytes : Infinity;
    from.on("data", (chunk: Uint8Array) => {
      if (left <= 0) return; // It is being cut.
      const part = chunk.subarray(0, left);
      left -= chunk.byteLength;
      if (left > 0) {
        if (to.write(part)) return;
        from.pause();
        to.once("drain", () => from.resume());
        return;
      }
      this.#cuts += 1;
      this.#due -= 1;
      way.cut = undefined;
      to.write(part, () => end(way, cut?.isReset));
    });
    from.on("end", () => to.end());
  }
}

function end({ near, far }: Way, isReset = false): void {
  for (const socket of [near, far]) {
    if (isReset) socket?.resetAndDestroy();
    else socket?.destroy();
  }
}

/** Numbers from 0 to below 1 that look random, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
