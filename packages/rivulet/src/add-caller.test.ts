import { InvalidOptionError, MqttError, TransportError, type Transport } from "@rivulet/engine";
import { describe, expect, test } from "vitest";
import { addCaller } from "./add-caller.ts";
import { connect as connectInDeno } from "./deno.ts";
import { connect as connectOnNode } from "./node.ts";

/** Fails in a turn in which nobody of those who called is on the stack. */
function failing(error: unknown): { readonly transports: readonly Transport[] } {
  const open = (): Promise<never> => new Promise((_resolve, reject) => setTimeout(reject, 0, error));
  return { transports: [{ schemes: ["mem:"], open }] };
}

describe.each([
  ["on Node", connectOnNode],
  ["in Deno", connectInDeno],
])("connect %s", (_where, connect) => {
  async function connectToTheKitchen(error: unknown): Promise<void> {
    await connect("mem://kitchen", failing(error));
  }

  test("tells in the stack of an error who awaits it", async () => {
    const error = new TransportError("Nobody is there");
    const before = String(error.stack);
    await expect(connectToTheKitchen(error)).rejects.toBe(error);
    expect(error.stack?.startsWith(before)).toBe(true);
    expect(error.stack?.slice(before.length)).toMatch(/^\n {4}at (.*\n)*.*connectToTheKitchen /);
    // The same error, once more.
    await expect(connectToTheKitchen(error)).rejects.toBe(error);
    expect(error.stack?.match(/connectToTheKitchen/g)).toHaveLength(1);
  });

  test("leaves the error of somebody else alone", async () => {
    const error = new Error("The vault is sealed");
    const before = error.stack;
    const credentials = (): never => {
      throw error;
    };
    await expect(connect("mem://kitchen", { ...failing(undefined), credentials })).rejects.toBe(error);
    expect(error.stack).toBe(before);
  });

  test("does not say twice who called with options that are wrong", async () => {
    const error: unknown = await (async function inTheKitchen(): Promise<unknown> {
      return await connect("mem://kitchen", { keepAlive: -1 });
    })().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as MqttError).stack?.match(/inTheKitchen/g)).toHaveLength(1);
  });
});

test("an error without a stack gets none", () => {
  const error = new MqttError("ERR_TRANSPORT", "Nobody is there");
  delete error.stack;
  addCaller(error, () => undefined);
  expect(error.stack).toBeUndefined();
});

test("an error that cannot be changed stays as it is", () => {
  const error = Object.freeze(new MqttError("ERR_TRANSPORT", "Nobody is there"));
  expect(() => {
    addCaller(error, () => undefined);
  }).not.toThrow();
});

test("stacks that are no text stay as they are", () => {
  const error = new MqttError("ERR_TRANSPORT", "Nobody is there");
  const before = error.stack;
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites;
  try {
    addCaller(error, () => undefined);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  expect(error.stack).toBe(before);
});
