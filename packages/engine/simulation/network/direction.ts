import type { Chance } from "../chance.ts";
import type { Clock } from "../clock.ts";

/** How a network behaves when nothing is wrong with it. */
export interface NetworkProfile {
  /** In ms. */
  readonly latency: readonly [least: number, most: number];
  /** How bytes are cut: as they were written, anywhere, or into single bytes now and then. */
  readonly chunking: "whole" | "anywhere" | "bytes";
  /** In percent: writes that the transport takes its time for. */
  readonly slowWrites: number;
}

/** What becomes of the bytes of one direction. */
export interface DirectionHost {
  arrived(bytes: Uint8Array): void;
  /** Everything has arrived, and nothing will follow. */
  ended(): void;
  /** The byte has passed after which the connection was to break. */
  broken(): void;
}

/** One direction of a link: bytes under way, in order. */
export class Direction {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #profile: NetworkProfile;
  readonly #host: DirectionHost;
  #underWay: Uint8Array[] = [];
  #isMoving = false;
  #isEnding = false;
  #isOver = false;
  /** Bytes vanish. */
  isSilent = false;
  #breaksAfter = Infinity;

  constructor(
    { clock, chance, profile }: { readonly clock: Clock; readonly chance: Chance; readonly profile: NetworkProfile },
    host: DirectionHost,
  ) {
    this.#clock = clock;
    this.#chance = chance;
    this.#profile = profile;
    this.#host = host;
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver || this.isSilent) return;
    this.#underWay.push(bytes);
    this.#move();
  }

  /** Nothing follows what was sent. */
  end(): void {
    if (this.#isOver || this.isSilent) return;
    this.#isEnding = true;
    this.#move();
  }

  /** Nothing more is sent; of what is under way a part arrives, at once. */
  cut(): void {
    if (this.#isOver) return;
    const bytes = joined(this.#underWay);
    const length = this.#chance.percent(50) ? 0 : this.#chance.below(bytes.length + 1);
    this.#isOver = true;
    this.#underWay = [];
    if (length > 0 && !this.isSilent) this.#host.arrived(bytes.subarray(0, length));
  }

  breakAfter(bytes: number): void {
    this.#breaksAfter = bytes;
  }

  fallSilent(): void {
    this.isSilent = true;
    this.#underWay = [];
  }

  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    const [least, most] = this.#profile.latency;
    this.#clock.after(this.#chance.between(least, most), () => this.#arrive());
  }

  #arrive(): void {
    this.#isMoving = false;
    if (this.#isOver || this.isSilent) return;
    const bytes = joined(this.#underWay);
    const length = Math.min(this.#portion(bytes.length), this.#breaksAfter);
    this.#underWay = length < bytes.length ? [bytes.subarray(length)] : [];
    this.#breaksAfter -= length;
    if (length > 0) this.#host.arrived(bytes.subarray(0, length));
    if (this.#isOver) return; // What arrived may have ended everything.
    if (this.#breaksAfter <= 0) this.#host.broken();
    else if (this.#underWay.length > 0) this.#move();
    else if (this.#isEnding) {
      this.#isOver = true;
      this.#host.ended();
    }
  }

  /** How many of so many bytes arrive together. */
  #portion(length: number): number {
    const { chunking } = this.#profile;
    if (length <= 1 || chunking === "whole" || this.#chance.percent(60)) return length;
    return chunking === "bytes" ? this.#chance.between(1, Math.min(3, length)) : this.#chance.between(1, length);
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array; // The length says so.
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
