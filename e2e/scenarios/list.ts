import { acknowledging } from "./acknowledging.ts";
import { connecting } from "./connecting.ts";
import { credentials } from "./credentials.ts";
import { ordering } from "./ordering.ts";
import { publishing } from "./publishing.ts";
import { retaining } from "./retaining.ts";
import type { Scenario } from "./scenario.ts";
import { subscribing } from "./subscribing.ts";
import { will } from "./will.ts";

/** Everything that is run on every runtime, over every transport, in every protocol version. */
export const scenarios: readonly Scenario[] = [
  ...connecting,
  ...credentials,
  ...subscribing,
  ...publishing,
  ...acknowledging,
  ...retaining,
  ...will,
  ...ordering,
];
