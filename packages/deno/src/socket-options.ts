import { InvalidOptionError, type SocketOptions } from "@rivulet/engine";
import { readableHighWaterMarkBytes, writableHighWaterMarkBytes } from "./limits.ts";

/** The options for sockets that Deno's own connections have, checked, with the defaults filled in. */
export interface ResolvedSocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
}

/** As elsewhere: 1 GiB. */
const maxBufferBytes = 2 ** 30;

/**
 * Checks the options for sockets and fills in the defaults. Those that `findMissing` finds are left aside.
 *
 * @throws InvalidOptionError for an option that does not exist, or a value that is none.
 */
export function readSocketOptions(options: SocketOptions = {}): ResolvedSocketOptions {
  for (const key of Object.keys(options)) {
    if (!names.has(key)) throw new InvalidOptionError(`socket.${key}`, `There is no option socket.${key}`);
  }
  return {
    noDelay: readBoolean("noDelay", options.noDelay, true),
    keepAlive: readBoolean("keepAlive", options.keepAlive, false),
    sendBufferBytes: readBytes("sendBufferBytes", options.sendBufferBytes, writableHighWaterMarkBytes),
    receiveBufferBytes: readBytes("receiveBufferBytes", options.receiveBufferBytes, readableHighWaterMarkBytes),
  };
}

const names: ReadonlySet<string> = new Set<keyof SocketOptions>([
  ...(["localAddress", "localPort", "family", "noDelay", "keepAlive", "linger"] as const),
  ...(["sendBufferBytes", "receiveBufferBytes", "maxTransferRate"] as const),
]);

function readBoolean(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === "boolean") return value;
  throw new InvalidOptionError(`socket.${name}`, `socket.${name} is true or false, not ${show(value)}`);
}

function readBytes(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxBufferBytes) return value;
  const range = `a whole number from 1 to ${maxBufferBytes}`;
  throw new InvalidOptionError(`socket.${name}`, `socket.${name} is ${range}, not ${show(value)}`);
}

function show(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? JSON.stringify(value) : `of type ${typeof value}`;
}
