import type { PublishPacket, TopicSubscription } from "@rivulet/codec";
import { MqttError } from "../errors.ts";
import { logLevels, type LogEntry, type LogLevel } from "../log-entry.ts";
import type { ConnectOptions } from "../options.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Server } from "../session/server.ts";
import type { Emitter } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";

/** What a packet may have that is shown of it. */
interface Shown extends Partial<PublishPacket> {
  readonly reasonCode?: number;
  readonly subscriptions?: readonly TopicSubscription[];
  readonly topicFilters?: readonly string[];
}

/**
 * Writes the log of one client, of what it is told, to the event `log`. Nothing is put into words that nobody hears.
 */
export class Log {
  readonly #emitter: Emitter<ClientEvents>;
  readonly #level: number;

  /** A logger may be asynchronous: what it rejects with goes to `report`. */
  constructor(
    emitter: Emitter<ClientEvents>,
    { logger, logLevel = "info" }: ConnectOptions,
    report: (error: unknown) => void,
  ) {
    this.#emitter = emitter;
    this.#level = logLevels.indexOf(logLevel);
    if (logger !== undefined) {
      emitter.on("log", (entry) => {
        const done = logger(entry);
        if (done instanceof Promise) done.catch(report);
      });
    }
  }

  // What happens, before others hear of it

  connected({ sessionPresent }: Server): void {
    this.write("info", "info", () => "Connected");
    const has = "The server has resumed the session";
    const begins = "The server has begun a new session: it had none, or has lost it";
    this.write("info", "session", () => (sessionPresent ? has : begins));
  }

  disconnected(error: unknown): void {
    this.write("info", "info", () => `Disconnected: ${reason(error)}`);
  }

  subscribed(filters: readonly string[]): void {
    this.write("verbose", "session", () => `Subscribed to ${JSON.stringify(filters)}`);
  }

  unsubscribed(filters: readonly string[]): void {
    this.write("verbose", "session", () => `Unsubscribed from ${JSON.stringify(filters)}`);
  }

  /** Whether anybody is told entries of a level. */
  has(level: LogLevel): boolean {
    return logLevels.indexOf(level) <= this.#level && this.#emitter.has("log");
  }

  write(level: LogEntry["level"], type: LogEntry["type"], message: () => string): void {
    if (this.has(level)) this.#emitter.emit("log", { level, type, message: message() });
  }

  packet({ direction, packet, byteLength: bytes }: Extract<SessionEvent<unknown>, { type: "packet" }>): void {
    this.write("debug", "packet", () => {
      const shown: Shown = packet as object;
      const { packetIdentifier, topicName, qos, payload, reasonCode } = shown;
      const filters = shown.topicFilters ?? shown.subscriptions?.map(({ topicFilter }) => topicFilter);
      const fields = { packetIdentifier, topicName, filters, qos, payloadBytes: payload?.length, reasonCode, bytes };
      // JSON leaves out what is undefined, and keeps topics within the line.
      return `${packet.type.toUpperCase()} ${direction} ${JSON.stringify(fields)}`;
    });
  }
}

function reason(error: unknown): string {
  if (error === undefined) return "the client has ended it";
  // What is not ours may hold secrets.
  return error instanceof MqttError ? error.message : "the attempt failed";
}
