import type { ControlPacket, PacketProperties } from "@rivulet/codec";
import { SessionDriver, type DriverOptions } from "../testing/session-driver.ts";

/** A connection of a client that keeps its Session. */
export function keeping(options: DriverOptions = {}): SessionDriver {
  return new SessionDriver({ ...options, connect: { cleanStart: false, ...options.connect } }).connected();
}

/** Loses the connection and makes another one; returns what is sent after its CONNACK. */
export function reconnect(
  driver: SessionDriver,
  sessionPresent = true,
  properties: PacketProperties<"connack"> = {},
): ControlPacket[] {
  driver.session.transportClosed(undefined);
  driver.events();
  driver.connect().sent();
  const isVersion5 = driver.version === 5;
  driver.receive({ type: "connack", sessionPresent, ...(isVersion5 ? { properties } : {}) });
  return driver.sent();
}
