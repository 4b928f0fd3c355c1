import { isLeftToRight, isRightToLeft, isUnassigned } from "./code-points.ts";

/** RFC 3454, C.1.2: spaces beyond ASCII. */
const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;

/** RFC 3454, B.1: what says nothing by itself. */
const nothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g;

/** RFC 3454, C.2.1 to C.9, without what has been mapped by then. */
const prohibited =
  /[\p{Cc}\p{Cs}\p{Co}\p{NChar}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;

/**
 * Prepares a user name or password as SASLprep has it (RFC 4013), so that however people type it, it is the same.
 * Returns undefined for what may not be in one.
 *
 * @param allowsUnassigned whether code points may be in it that Unicode 3.2 does not know: in a query, but not in what
 * is stored.
 */
export function saslprep(text: string, allowsUnassigned: boolean): string | undefined {
  const mapped = text.replace(spaces, " ").replace(nothing, "");
  // Before the normalization, which on this platform is that of a later Unicode, and might make known ones of them.
  if (!allowsUnassigned && codePoints(mapped).some(isUnassigned)) return undefined;
  const normalized = mapped.normalize("NFKC");
  return prohibited.test(normalized) || !readsOneWay(codePoints(normalized)) ? undefined : normalized;
}

/** RFC 3454, section 6: with letters of one direction and of the other, two strings might look the same. */
function readsOneWay(all: readonly number[]): boolean {
  if (!all.some(isRightToLeft)) return true;
  return !all.some(isLeftToRight) && [all[0], all.at(-1)].every((each) => each !== undefined && isRightToLeft(each));
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}
