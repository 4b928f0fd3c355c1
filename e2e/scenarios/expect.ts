/** The few checks that scenarios need, for runtimes that have no test framework. */

class ExpectationError extends Error {
  override name = "ExpectationError";
}

export function ok(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ExpectationError(message);
}

/** Compares by what they print as: for strings, numbers, booleans and lists of them. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const got = show(actual);
  const wanted = show(expected);
  ok(got === wanted, `${what}: expected ${wanted}, got ${got}`);
}

export function oneOf(actual: unknown, expected: readonly unknown[], what: string): void {
  ok(expected.includes(actual), `${what}: expected one of ${show(expected)}, got ${show(actual)}`);
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(actual.byteLength, expected.byteLength, `${what}, length`);
  const at = expected.findIndex((byte, index) => actual[index] !== byte);
  ok(at < 0, `${what}: byte ${at} is ${actual[at]} instead of ${expected[at]}`);
}

/** The reason of a rejection that has to come, checked to be of a class. */
export async function rejection<E extends Error>(
  promise: Promise<unknown>,
  errorClass: abstract new (...args: never) => E,
  what: string,
): Promise<E> {
  const reason: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error ?? "undefined",
  );
  ok(reason !== undefined, `${what}: expected ${errorClass.name}, and it succeeded`);
  ok(reason instanceof errorClass, `${what}: expected ${errorClass.name}, got ${show(reason)}`);
  return reason;
}

/** The promise, or a failure once it has taken too long: a scenario that hangs says where. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ExpectationError(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function show(value: unknown): string {
  if (value instanceof Error) return String(value);
  return JSON.stringify(value) ?? String(value);
}
