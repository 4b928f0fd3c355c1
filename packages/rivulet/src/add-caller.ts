import { MqttError } from "@rivulet/engine";

/**
 * Adds to the stack of an error who called `callee` and awaits it. The error was made where a socket failed or a packet
 * came, and the engine's own path from there tells nobody which of his lines was concerned. To be called in `callee`.
 */
export function addCaller(error: unknown, callee: (...values: never[]) => unknown): void {
  // What is not ours has been thrown by the user, and may be frozen where it is.
  if (!(error instanceof MqttError) || !Object.isExtensible(error)) return;
  const here: { stack?: unknown } = {};
  Error.captureStackTrace(here, callee);
  if (typeof here.stack !== "string" || typeof error.stack !== "string") return; // As `Error.prepareStackTrace` has it.
  // Without the message, and what the runtime has of its own there.
  const callers = here.stack.split("\n").filter((line, index) => index > 0 && !/\((node|native|ext):/.test(line));
  const [first] = callers;
  if (first !== undefined && !error.stack.includes(first)) error.stack += `\n${callers.join("\n")}`;
}
