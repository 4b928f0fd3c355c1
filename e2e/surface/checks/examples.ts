import type { SurfaceCheck } from "../check.ts";
import { messageExamples } from "./examples/messages.ts";
import { sessionExamples } from "./examples/sessions.ts";
import { subscriptionExamples } from "./examples/subscriptions.ts";
import { tlsExamples } from "./examples/tls.ts";

/** What the class is typically used for, from the first call to the outcome. */
export const checks: readonly SurfaceCheck[] = [
  ...sessionExamples,
  ...messageExamples,
  ...subscriptionExamples,
  ...tlsExamples,
];
