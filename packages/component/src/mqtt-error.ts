import { errorText } from "./error-codes.ts";
import type { ErrorGroup } from "./error-group.ts";

export type { ErrorGroup } from "./error-group.ts";

/** What goes with an error. */
export interface MQTTErrorOptions {
  /** What is said after the text of the code: a sentence without a full stop. */
  readonly detail?: string | undefined;
  /** Default: the group that the code belongs to; 301 is taken as that of HTTP, 302 as that of TCPClient. */
  readonly group?: ErrorGroup | undefined;
  readonly cause?: unknown;
}

/** The error of everything that an `MQTT` object does. */
export class MQTTError extends Error {
  /** The documented number. */
  readonly code: number;
  /** Tells the two meanings of 301 and of 302 apart. */
  readonly group: ErrorGroup;

  constructor(code: number, { detail, group, cause }: MQTTErrorOptions = {}) {
    const known = errorText(code, group);
    super(detail === undefined ? known.text : `${known.text}: ${detail}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.group = known.group;
  }

  override name = "MQTTError";
}
