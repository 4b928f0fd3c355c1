import type { SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import { equal, ok, textOf, throwsCode, type Stage, type SurfaceCheck } from "./check.ts";

/** Rows of which a fresh object can be looked at. */
export function hasLook({ kind }: SurfaceRow): boolean {
  return kind === "property" || kind === "method" || kind === "event";
}

/** That the row is there, as the table says, with its default. It is no evidence that it does anything. */
export function lookCheck(row: SurfaceRow): SurfaceCheck {
  const looks = { property: lookAtProperty, method: lookAtMethod, event: lookAtEvent, config: none, error: none };
  return { rows: [row.title], title: `${row.title} is there`, run: (stage) => looks[row.kind](stage, row) };
}

async function lookAtProperty(stage: Stage, row: SurfaceRow): Promise<void> {
  const mqtt = stage.mqtt();
  if (row.isIndexed) return lookAtIndexed(mqtt, row);
  const name = row.typescript;
  const accessor = accessorOf(mqtt, name);
  ok(accessor?.get, `There is no accessor ${name}`);
  equal(readable(fieldOf(mqtt, name)), defaultOf(row), name);
  equal(accessor.set === undefined, row.isReadOnly, `Whether ${name} is read-only`);
  if (!row.isReadOnly) return;
  const error = failureOf(() => {
    (mqtt as object as Record<string, unknown>)[name] = "x"; // Modules are in strict mode.
  });
  ok(error instanceof TypeError, `${name} can be assigned to`);
}

/** A list that is empty has nothing at 0. */
async function lookAtIndexed(mqtt: object, { typescript: name }: SurfaceRow): Promise<void> {
  const method = fieldOf(mqtt, name);
  ok(typeof method === "function", `There is no method ${name}`);
  await throwsCode(10_022, () => method.call(mqtt, 0) as unknown);
}

async function lookAtMethod(stage: Stage, { typescript: name }: SurfaceRow): Promise<void> {
  ok(typeof fieldOf(stage.mqtt(), name) === "function", `There is no method ${name}`);
}

async function lookAtEvent(stage: Stage, { typescript: name }: SurfaceRow): Promise<void> {
  const mqtt = stage.mqtt();
  ok(name in mqtt, `There is no ${name}`);
  ok((fieldOf(mqtt, name) ?? null) === null, `${name} is set at first`);
  const handler = (): void => undefined;
  Reflect.set(mqtt, name, handler);
  ok(fieldOf(mqtt, name) === handler, `${name} cannot be assigned`);
}

async function none(_stage: Stage, { title }: SurfaceRow): Promise<void> {
  throw new Error(`Nothing can be seen of ${title} in a fresh object`);
}

function accessorOf(object: object, name: string): PropertyDescriptor | undefined {
  for (let each: unknown = object; each !== null && typeof each === "object"; each = Object.getPrototypeOf(each)) {
    const descriptor = Object.getOwnPropertyDescriptor(each, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

function fieldOf(object: object, name: string): unknown {
  return (object as Record<string, unknown>)[name];
}

function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? textOf(value) : value;
}

function defaultOf({ type, default: text }: SurfaceRow): unknown {
  if (type === "bool") return text === "TRUE";
  return type === "int" ? Number(text) : text.replace(/^"(.*)"$/, "$1");
}

function failureOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
