/** Which way a message goes: `out` from the client to the broker, `in` to it. */
export type Direction = "out" | "in";

const moments = [
  "before the write",
  "after the write, before the sync",
  "after the sync",
  "before the send",
  "after the send",
  "before the acknowledgement",
  "after the acknowledgement",
] as const;

/** What a crash comes before or after. */
export type Moment = (typeof moments)[number];

/**
 * A place in a client's life where it may end. Outwards, PUBLISH and PUBREL are sent, and the acknowledgements are the
 * broker's; inwards, it is the other way round.
 */
export type CrashPoint = `${Direction}: ${Moment}`;

export const crashPoints: readonly CrashPoint[] = (["out", "in"] as const).flatMap((direction) =>
  moments.map((moment): CrashPoint => `${direction}: ${moment}`),
);

/** Called at each crash point; does not settle where the life ends. */
export type Passed = (point: CrashPoint) => Promise<void>;
