import { TransportError, type Duplex } from "@rivulet/engine";
import type { Broker } from "../broker/broker.ts";
import type { Chance } from "../chance.ts";
import type { Verdict } from "../checks/verdict.ts";
import type { Clock } from "../clock.ts";
import type { NetworkProfile } from "../network/direction.ts";
import { Link } from "../network/link.ts";

/** Who opens links: a process. */
type Owner = object;

/** The network as one client sees it: makes links to the broker, and spoils them. */
export class SimulatedNetwork {
  /** Called with what the client writes, whether it arrives or not. */
  onWrite: (chunk: Uint8Array) => void = () => undefined;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #profile: NetworkProfile;
  readonly #broker: Broker;
  readonly #verdict: Verdict;
  readonly #links = new Map<Link, Owner>();
  /** Those that have ended. */
  readonly #dead = new WeakSet<Owner>();
  /** The next link breaks when the broker has sent so much. */
  #nextBreaksAfter = Infinity;
  /** Nobody gets through before. */
  #unreachableUntil = 0;
  #hangs = false;

  constructor(parts: {
    readonly clock: Clock;
    readonly chance: Chance;
    readonly profile: NetworkProfile;
    readonly broker: Broker;
    readonly verdict: Verdict;
  }) {
    this.#clock = parts.clock;
    this.#chance = parts.chance;
    this.#profile = parts.profile;
    this.#broker = parts.broker;
    this.#verdict = parts.verdict;
  }

  /** Links that the client has not let go of. */
  get openLinks(): number {
    return [...this.#links.keys()].filter(({ isReleased }) => !isReleased).length;
  }

  /** The link in use; undefined when there is none that carries anything. */
  get link(): Link | undefined {
    return [...this.#links.keys()].findLast(({ isAlive, isReleased }) => isAlive && !isReleased);
  }

  /** What `Transport.open` does. */
  async open(owner: Owner, signal: AbortSignal): Promise<Duplex> {
    await this.#travel(signal);
    if (this.#dead.has(owner)) return new Promise(() => undefined);
    if (this.#clock.now() < this.#unreachableUntil) {
      if (this.#hangs) await aborted(signal);
      this.#verdict.count("the network takes no connection");
      throw new TransportError("The network is unreachable");
    }
    const link = new Link({
      ...{ clock: this.#clock, chance: this.#chance.fork(), profile: this.#profile },
      situation: (name) => this.#verdict.count(name),
      wrote: (chunk) => this.onWrite(chunk),
    });
    for (const old of this.#links.keys()) if (old.isReleased) this.#links.delete(old);
    this.#links.set(link, owner);
    link.cutAfter("down", this.#nextBreaksAfter);
    this.#nextBreaksAfter = Infinity;
    const end = this.#broker.accept({ send: (bytes) => link.send(bytes), close: () => link.close() });
    link.join({ receive: (chunk) => end.receive(chunk), closed: () => end.closed() });
    return link.duplex;
  }

  block(forMs: number, hangs: boolean): void {
    this.#unreachableUntil = this.#clock.now() + forMs;
    this.#hangs = hangs;
  }

  breakNextAfter(bytes: number): void {
    this.#nextBreaksAfter = bytes;
  }

  /** Everything works again; links that have fallen silent are found out, or, when nobody looks, cut. */
  heal(isWatched: boolean): void {
    this.#unreachableUntil = 0;
    this.#nextBreaksAfter = Infinity;
    for (const link of this.#links.keys()) {
      if (link.isSilent && !isWatched) link.cut();
      link.resume();
      link.cutAfter("up", Infinity);
      link.cutAfter("down", Infinity);
    }
  }

  kill(owner: Owner): void {
    this.#dead.add(owner);
    for (const [link, its] of this.#links) if (its === owner) link.kill();
  }

  /** The time it takes to get there and back. */
  #travel(signal: AbortSignal): Promise<void> {
    const [least, most] = this.#profile.latency;
    const delayMs = 2 * this.#chance.between(least, most);
    return Promise.race([aborted(signal), new Promise<void>((resolve) => void this.#clock.after(delayMs, resolve))]);
  }
}

/** Rejects with the signal's reason when it is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}
