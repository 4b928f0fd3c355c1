import { InvalidOptionError, type SocketOptions } from "@rivulet/engine";
import { readableHighWaterMarkBytes, writableHighWaterMarkBytes } from "./limits.ts";

/** The options for sockets, checked, with the defaults filled in. */
export interface ResolvedSocketOptions {
  readonly localAddress: string | undefined;
  /** 0: the system's choice. */
  readonly localPort: number;
  readonly family: 4 | 6 | "prefer6" | "any";
  readonly noDelay: boolean;
  /** Undefined: no probes. 0: the system's delay. */
  readonly keepAliveDelayMs: number | undefined;
  readonly linger: false | number | undefined;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  /** Undefined: no limit either way. */
  readonly maxTransferRate: TransferRate | undefined;
}

/** Bytes a second each way; infinite: as many as there are. */
export interface TransferRate {
  readonly send: number;
  readonly receive: number;
}

const names: ReadonlySet<string> = new Set<keyof SocketOptions>([
  ...(["localAddress", "localPort", "family", "noDelay", "keepAlive", "linger"] as const),
  ...(["sendBufferBytes", "receiveBufferBytes", "maxTransferRate"] as const),
]);

/** As the platform takes it: seconds that fit into 15 bits. */
const maxKeepAliveDelayMs = 32_767_000;

/** The longest that a timer of the platform can wait. */
const maxLingerSeconds = 2_147_483;

const maxBufferBytes = 2 ** 30;

/**
 * Checks the options for sockets and fills in the defaults.
 *
 * @throws InvalidOptionError for an option that does not exist, or a value that is none.
 */
export function readSocketOptions(options: SocketOptions = {}): ResolvedSocketOptions {
  readObject("socket", options, names);
  const { localAddress, localPort, family, noDelay, keepAlive, linger } = options;
  const { sendBufferBytes, receiveBufferBytes, maxTransferRate } = options;
  return {
    localAddress: optional(localAddress, (value) => readText("socket.localAddress", value)),
    localPort: optional(localPort, (value) => readNumber("socket.localPort", value, { min: 0, max: 65_535 })) ?? 0,
    family: readFamily(family),
    noDelay: optional(noDelay, (value) => readBoolean("socket.noDelay", value)) ?? true,
    keepAliveDelayMs: readKeepAlive(keepAlive),
    linger: optional(linger, readLinger),
    sendBufferBytes: readBuffer("socket.sendBufferBytes", sendBufferBytes) ?? writableHighWaterMarkBytes,
    receiveBufferBytes: readBuffer("socket.receiveBufferBytes", receiveBufferBytes) ?? readableHighWaterMarkBytes,
    maxTransferRate: optional(maxTransferRate, readRate),
  };
}

function readFamily(value: unknown): ResolvedSocketOptions["family"] {
  if (value === undefined) return "any";
  if (value === 4 || value === 6 || value === "prefer6" || value === "any") return value;
  throw invalid("socket.family", value, `4, 6, "prefer6" or "any"`);
}

function readKeepAlive(value: unknown): number | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return 0;
  if (typeof value !== "object" || value === null) throw invalid("socket.keepAlive", value, "true, false or an object");
  readObject("socket.keepAlive", value, new Set(["initialDelayMs"]));
  const delayMs = "initialDelayMs" in value ? value.initialDelayMs : undefined;
  return (
    optional(delayMs, (given) =>
      readNumber("socket.keepAlive.initialDelayMs", given, { min: 1, max: maxKeepAliveDelayMs }),
    ) ?? 0
  );
}

function readLinger(value: unknown): false | number {
  if (value === false) return value;
  return readNumber("socket.linger", value, { min: 0, max: maxLingerSeconds, isFraction: true, or: "false or " });
}

function readRate(value: unknown): TransferRate {
  const read = (option: string, rate: unknown): number => readNumber(option, rate, { min: 1, isFraction: true });
  if (typeof value !== "object" || value === null) {
    const rate = read("socket.maxTransferRate", value);
    return { send: rate, receive: rate };
  }
  readObject("socket.maxTransferRate", value, new Set(["send", "receive"]));
  const { send, receive }: { readonly send?: unknown; readonly receive?: unknown } = value;
  return {
    send: optional(send, (rate) => read("socket.maxTransferRate.send", rate)) ?? Infinity,
    receive: optional(receive, (rate) => read("socket.maxTransferRate.receive", rate)) ?? Infinity,
  };
}

function readBuffer(option: string, value: unknown): number | undefined {
  return optional(value, (given) => readNumber(option, given, { min: 1, max: maxBufferBytes }));
}

function readObject(option: string, value: unknown, known: ReadonlySet<string>): void {
  if (typeof value !== "object" || value === null) throw invalid(option, value, "an object");
  for (const key of Object.keys(value)) {
    if (!known.has(key)) {
      throw new InvalidOptionError(`${option}.${key}`, `There is no option ${option}.${key}`);
    }
  }
}

function readText(option: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw invalid(option, value, "an IP address or a name for one");
  return value;
}

function readBoolean(option: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw invalid(option, value, "true or false");
  return value;
}

interface NumberRange {
  readonly min: number;
  readonly max?: number;
  readonly isFraction?: boolean;
  readonly or?: string;
}

function readNumber(option: string, value: unknown, { min, max = Infinity, isFraction, or = "" }: NumberRange): number {
  const isNumber =
    typeof value === "number" && (isFraction === true ? Number.isFinite(value) : Number.isInteger(value));
  if (isNumber && value >= min && value <= max) return value;
  const kind = isFraction === true ? "a number" : "a whole number";
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  throw invalid(option, value, `${or}${kind} ${range}`);
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function invalid(option: string, value: unknown, what: string): InvalidOptionError {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new InvalidOptionError(option, `${option} is ${what}, not ${shown}`);
}
