import type * as component from "@rivulet/component";

import type { Lab, Place } from "./lab-calls.ts";

export type { Place } from "./lab-calls.ts";

/** The package as this runtime has it. */
export type Component = typeof component;

/** Shows that rows of component-surface.tsv have their effect, outside the object. */
export interface SurfaceCheck {
  /** Rows that it shows: "property clean_session", "method connect", "config MQTT/LogLevel", "error TCP/IP/10054". */
  readonly rows: readonly string[];
  /** A sentence: what is seen, and where. No two checks have the same. */
  readonly title: string;
  /** Whether no other check may be under way: it measures time. */
  readonly isAlone?: boolean;
  /** Throws when the effect is not there. It runs in the runtime: no builtin of Node. */
  run(stage: Stage): Promise<void>;
}

export interface Stage {
  readonly runtime: RuntimeName;
  readonly MQTT: typeof component.MQTT;
  readonly component: Component;
  /** A new object, which is disposed of after the check. */
  mqtt(): component.MQTT;
  /** mosquitto, as this runtime reaches it: in a page, `host` begins with `ws://`. */
  readonly broker: Place;
  /** What the check asks the Node side for; all of it is closed after the check. */
  readonly lab: Lab;
  /** A topic that no other check uses. */
  topic(): string;
  /** Ends the check: the platform has nothing that could be checked, nor anything to set. It is noted as `no: why`. */
  absent(why: string): never;
  /** Ends the check: what it needs is there on other machines, and not on this one. What SURFACE.md says of it stays. */
  notHere(why: string): never;
}

export const runtimeNames = ["node", "deno", "browser"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

/** The platform has nothing of it. */
export class Absent extends Error {
  override name = "Absent";
}

/** The machine has nothing of it. */
export class NotHere extends Error {
  override name = "NotHere";
}

type Events = component.MQTTEvents;

/** The next event of a kind, or an array of so many. Ask before what causes it is done. */
export function event<Name extends keyof Events>(mqtt: component.MQTT, name: Name): Promise<Events[Name]>;
export function event<Name extends keyof Events>(
  mqtt: component.MQTT,
  name: Name,
  count: number,
): Promise<Events[Name][]>;
export function event<Name extends keyof Events>(
  mqtt: component.MQTT,
  name: Name,
  count?: number,
): Promise<Events[Name] | Events[Name][]> {
  const seen: Events[Name][] = [];
  return new Promise((resolve) => {
    mqtt.on(name, (one) => {
      seen.push(one);
      if (count === undefined) resolve(one);
      else if (seen.length === count) resolve([...seen]);
    });
  });
}

/** All events of a kind from now on: the array grows. */
export function events<Name extends keyof Events>(mqtt: component.MQTT, name: Name): Events[Name][] {
  const seen: Events[Name][] = [];
  mqtt.on(name, (one) => {
    seen.push(one);
  });
  return seen;
}

/** @throws Error unless both are the same when written down; bytes are equal when they have the same content. */
export function equal(actual: unknown, expected: unknown, what = "The value"): void {
  const [one, other] = [show(actual), show(expected)];
  if (one !== other) throw new Error(`${what} is ${one} instead of ${other}`);
}

/** @throws Error with that sentence, unless it holds. */
export function ok(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

/** @throws Error unless the text matches. */
export function matches(text: string, pattern: RegExp, what = "The text"): void {
  if (!pattern.test(text)) throw new Error(`${what} is ${show(text)}, which does not match ${String(pattern)}`);
}

/**
 * Does something that has to fail with that code, at once or by a promise, and returns the error. What the platform
 * does not have passes through, unless it is what is expected.
 */
export async function throwsCode(code: number, act: () => unknown): Promise<component.MQTTError>;
export async function throwsCode(
  code: number,
  group: component.MQTTError["group"],
  act: () => unknown,
): Promise<component.MQTTError>;
export async function throwsCode(
  code: number,
  groupOrAct: component.MQTTError["group"] | (() => unknown),
  act?: () => unknown,
): Promise<component.MQTTError> {
  const group = typeof groupOrAct === "string" ? groupOrAct : undefined;
  const work = typeof groupOrAct === "string" ? act : groupOrAct;
  let thrown: unknown;
  try {
    await work?.();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`Nothing failed; ${code} was expected`);
  const wanted = group === undefined ? String(code) : `${code} of ${group}`;
  if (isMqttError(thrown) && thrown.code === code && (group === undefined || thrown.group === group)) return thrown;
  if (unsupportedCode(thrown) !== undefined) throw thrown as Error;
  throw new Error(`It failed otherwise than with ${wanted}: ${describe(thrown)}`, { cause: thrown });
}

/** The code of an error that says that the platform does not have something. */
export function unsupportedCode(error: unknown): number | undefined {
  if (!isMqttError(error)) return undefined;
  for (let cause: unknown = error.cause, depth = 0; cause instanceof Error && depth < 10; depth++) {
    if (cause.name === "UnsupportedError") return error.code;
    ({ cause } = cause);
  }
  return undefined;
}

/** An error in one line, with its code and its causes. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = isMqttError(error) ? `MQTTError ${error.code} (${error.group}): ${error.message}` : String(error);
  return error.cause === undefined ? text : `${text} <- ${describe(error.cause)}`;
}

/** Lets some time pass, where nothing tells that something has not happened. */
export function pass(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

/** Waits until it holds; it is asked again every few milliseconds, until the check's time is over. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pass(5);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isMqttError(error: unknown): error is component.MQTTError {
  return error instanceof Error && error.name === "MQTTError" && "code" in error;
}

function show(value: unknown): string {
  const shown = JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Uint8Array) return `bytes ${hexOf(each)}`;
    if (typeof each === "bigint") return `${each}n`;
    // Order of fields is nobody's business.
    return typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each;
  }) as string | undefined;
  return shown ?? String(value);
}
