import type { SurfaceCheck } from "../check.ts";
import { connectingChecks } from "./config-mqtt/connecting.ts";
import { disconnectingChecks } from "./config-mqtt/disconnecting.ts";
import { publishingChecks } from "./config-mqtt/publishing.ts";
import { sessionChecks } from "./config-mqtt/sessions.ts";
import { subscribingChecks } from "./config-mqtt/subscribing.ts";
import { userPropertyChecks } from "./config-mqtt/user-properties.ts";
import { willChecks } from "./config-mqtt/wills.ts";

/** Configuration settings of the group MQTT. */
export const checks: readonly SurfaceCheck[] = [
  ...connectingChecks,
  ...willChecks,
  ...disconnectingChecks,
  ...publishingChecks,
  ...userPropertyChecks,
  ...subscribingChecks,
  ...sessionChecks,
];
