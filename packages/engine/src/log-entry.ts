/** How much the log tells, from nothing to a line a packet; each level tells what those before it do. */
export type LogLevel = "none" | "info" | "verbose" | "debug";

/** From the least to the most. */
export const logLevels: readonly LogLevel[] = ["none", "info", "verbose", "debug"];

/** Something that may interest whoever reads the log. */
export interface LogEntry {
  readonly level: Exclude<LogLevel, "none">;
  /** What it is about: the client, one packet, attempts to connect again, the Session, or TLS. */
  readonly type: "info" | "packet" | "reconnect" | "session" | "tls";
  /** One line. It never holds a payload, a user name, a password, authentication data or the query of a URL. */
  readonly message: string;
}
