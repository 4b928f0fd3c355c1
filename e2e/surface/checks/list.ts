import type { SurfaceCheck } from "../check.ts";
import { checks as certificates } from "./certificates.ts";
import { checks as configMqtt } from "./config-mqtt.ts";
import { checks as errors } from "./errors.ts";
import { checks as examples } from "./examples.ts";
import { checks as messages } from "./messages.ts";
import { checks as methods } from "./methods.ts";
import { checks as sockets } from "./sockets.ts";
import { checks as tls } from "./tls.ts";

/** Every check, in the order in which they are run. */
export const checks: readonly SurfaceCheck[] = [
  ...methods,
  ...messages,
  ...configMqtt,
  ...tls,
  ...certificates,
  ...sockets,
  ...errors,
  ...examples,
];
