import type { SurfaceCheck } from "../check.ts";
import { configuringChecks } from "./methods/configuring.ts";
import { connectPropertyChecks } from "./methods/connect-properties.ts";
import { connectingChecks } from "./methods/connecting.ts";
import { publishingChecks } from "./methods/publishing.ts";
import { sessionChecks } from "./methods/sessions.ts";
import { subscribingChecks } from "./methods/subscribing.ts";
import { waitingChecks } from "./methods/waiting.ts";

/** The methods, the events that come of them, and the properties that go with connecting. */
export const checks: readonly SurfaceCheck[] = [
  ...connectingChecks,
  ...connectPropertyChecks,
  ...publishingChecks,
  ...subscribingChecks,
  ...waitingChecks,
  ...sessionChecks,
  ...configuringChecks,
];
