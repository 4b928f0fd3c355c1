import type { MqttClient } from "rivulet";
import type { Certificates } from "./certificates/certificates.ts";
import type { Messages } from "./messages/messages.ts";
import type { Platform } from "./platform.ts";
import type { Received } from "./received.ts";
import type { Settings } from "./settings/settings.ts";

/** How far an `MQTT` object is with its connection. */
export type Phase = "idle" | "connecting" | "connected" | "reconnecting" | "disconnecting";

/** What the parts of an `MQTT` object know of it. */
export interface Core {
  readonly platform: Platform;
  /** All that can be set, as it was set. Replaced by `reset`. */
  readonly settings: Settings;
  /** The certificates that are chosen, and the one that the server has shown. Replaced by `reset`. */
  readonly certificates: Certificates;
  /** What came from the server that `config` tells. Replaced by `reset`. */
  readonly received: Received;
  /** The messages whose exchanges are not over. */
  readonly messages: Messages;
  readonly phase: Phase;
  /** The client of the connection that is there or being made, or of the last one. */
  readonly client: MqttClient | undefined;
  /** Tells of an error that belongs to no call, as the event `error`. */
  report(error: unknown): void;
  /** Writes to the log, as far as `LogLevel` lets it. */
  log(level: 1 | 2 | 3, type: "Info" | "Packet" | "Reconnect" | "Session", message: string): void;
}
