import { acknowledging } from "./acknowledging.ts";
import { aliasing } from "./aliasing.ts";
import { authenticating } from "./authenticating.ts";
import { connecting } from "./connecting.ts";
import { credentials } from "./credentials.ts";
import { cutting } from "./cutting.ts";
import { expiring } from "./expiring.ts";
import { flowing } from "./flowing.ts";
import { ordering } from "./ordering.ts";
import { publishing } from "./publishing.ts";
import { reconnecting } from "./reconnecting.ts";
import { requesting } from "./requesting.ts";
import { resuming } from "./resuming.ts";
import { retaining } from "./retaining.ts";
import type { Scenario } from "./scenario.ts";
import { sharing } from "./sharing.ts";
import { subscribing } from "./subscribing.ts";
import { will } from "./will.ts";

/** Everything that is run on every runtime, over every transport, in every protocol version. */
export const scenarios: readonly Scenario[] = [
  ...connecting,
  ...credentials,
  ...authenticating,
  ...subscribing,
  ...sharing,
  ...publishing,
  ...acknowledging,
  ...flowing,
  ...aliasing,
  ...retaining,
  ...will,
  ...expiring,
  ...requesting,
  ...reconnecting,
  ...resuming,
  ...ordering,
  ...cutting,
];
