import type { Outcome, Specification } from "./specification.ts";
import type { Lab } from "./lab.ts";
import type { Recorder, RecorderOptions } from "./recorder.ts";
import type { Runtime } from "./runtimes.ts";

/** Proves that an option has its effect: the counterpart has to see it. */
export interface OptionCheck {
  /** Its whole name, such as `"socket.localPort"`. */
  readonly option: string;
  /** What is tried, where one check does not say all about an option. */
  readonly what?: string;
  /** Another option that it takes, whose refusal is as good. */
  readonly takes?: string;
  /** Environment variables of the process; a check with some is for runtimes with a command line. */
  readonly environment?: (lab: Lab) => Readonly<Record<string, string>>;
  /** Throws when the effect is not there. */
  run(context: CheckContext): Promise<void>;
}

export interface CheckContext {
  readonly lab: Lab;
  readonly runtime: Runtime;
  /** A server before the broker, for as long as the check lasts. */
  record(options?: Omit<RecorderOptions, "to"> & { readonly to?: number }): Promise<Recorder>;
  /** The URL at which this runtime reaches a recorder. */
  url(recorder: Recorder, host?: string): string;
  /** Has the runtime connect; ends the check when it refuses the option by name. */
  attempt(url: string, options: object, more?: Omit<Specification, "url" | "options">): Promise<Outcome>;
  /** Where the check may write. */
  file(name: string): string;
}

/** It is no option that could be refused; the runtime does without it. */
export class Absent extends Error {}

/** The runtime says by name that it does not have the option. */
export class Refused extends Error {}
