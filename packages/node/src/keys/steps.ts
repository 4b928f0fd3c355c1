/**
 * Code that derives keys, written once for those who can wait for it and for those who cannot.
 *
 * What may take long is a `Task`: it is done at once, on this thread, or later, beside other work. A generator yields its
 * tasks; `runLater` and `runNow` drive it. The parsers themselves are the same.
 */

/** Work that may take long. Both ways have the same outcome. */
export interface Task<Value> {
  now(): Value;
  later(): Promise<Value>;
}

/** What has tasks in it, and a value at the end. */
export type Steps<Value> = Generator<Task<unknown>, Value, unknown>;

/** One task, as a part of others: `const key = yield* perform({ ... })`. */
export function* perform<Value>(task: Task<Value>): Steps<Value> {
  // The drivers below answer each task with its own outcome.
  return (yield task) as Value;
}

/** Does all of it before it returns. */
export function runNow<Value>(steps: Steps<Value>): Value {
  let step = steps.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = step.value.now();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

/** Leaves what takes long to other threads, or to pauses. */
export async function runLater<Value>(steps: Steps<Value>): Promise<Value> {
  let step = steps.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = await step.value.later();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}
