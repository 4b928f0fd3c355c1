import { clockSkewMs, undatedAnswerMs } from "./limits.ts";

/** What an OCSP answer or a list of revoked certificates says of a certificate. */
export type Answer =
  | { readonly status: "good"; readonly validUntil: number }
  | { readonly status: "revoked"; readonly detail: string }
  /** The responder does not know the certificate. */
  | { readonly status: "unknown" }
  /** It says nothing: `reason` is the second half of a sentence that begins with the answer. */
  | { readonly status: "unusable"; readonly reason: string };

export function unusable(reason: string): Answer {
  return { status: "unusable", reason };
}

/** The time that an answer is for. */
export interface AnswerDates {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

/** Until when an answer holds, in ms since 1970; or, as the second half of a sentence, why it does not. */
export function checkDates({ thisUpdate, nextUpdate }: AnswerDates, now: number): number | string {
  const from = thisUpdate.getTime();
  const until = nextUpdate?.getTime() ?? from + undatedAnswerMs;
  if (!Number.isFinite(from) || !Number.isFinite(until)) return "has a date that cannot be read";
  if (from > now + clockSkewMs) return `is of the future, ${thisUpdate.toISOString()}`;
  if (until >= now - clockSkewMs) return until;
  return nextUpdate === undefined
    ? `is too old, of ${thisUpdate.toISOString()}`
    : `expired on ${nextUpdate.toISOString()}`;
}

/** Since when and why a certificate is revoked, to be put behind the word. */
export function describeRevocation(time: Date | undefined, reason: number | undefined): string {
  const since = time === undefined || Number.isNaN(time.getTime()) ? "" : ` since ${time.toISOString()}`;
  const why = reason === undefined ? undefined : reasons[reason];
  return why === undefined ? since : `${since} (${why})`;
}

/** The reason that can be taken back. */
export const certificateHold: number = 6;

/** RFC 5280, section 5.3.1. */
const reasons: readonly (string | undefined)[] = [
  undefined,
  "keyCompromise",
  "cACompromise",
  "affiliationChanged",
  "superseded",
  "cessationOfOperation",
  "certificateHold",
  undefined,
  "removeFromCRL",
  "privilegeWithdrawn",
  "aACompromise",
];
