import type { SurfaceCheck } from "../check.ts";
import { checks as mqtt } from "./errors/mqtt.ts";
import { checks as state } from "./errors/state.ts";
import { checks as tcp } from "./errors/tcp.ts";
import { checks as tls } from "./errors/tls.ts";

/** Every code that can be provoked, from its real cause; of the others, `unprovokable` says why not. */
export const checks: readonly SurfaceCheck[] = [...mqtt, ...state, ...tls, ...tcp];
