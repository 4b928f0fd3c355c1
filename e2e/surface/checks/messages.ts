import type { SurfaceCheck } from "../check.ts";
import { incomingChecks } from "./messages/incoming.ts";
import { outgoingChecks } from "./messages/outgoing.ts";

/** The lists of messages under way, and the events that tell of each. */
export const checks: readonly SurfaceCheck[] = [...incomingChecks, ...outgoingChecks];
