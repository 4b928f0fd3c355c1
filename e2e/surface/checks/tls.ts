import type { SurfaceCheck } from "../check.ts";
import { tlsEventChecks } from "./tls/events.ts";
import { tlsHandshakeChecks } from "./tls/handshake.ts";
import { tlsTrustChecks } from "./tls/trust.ts";

/** TLS, but for certificates as properties. */
export const checks: readonly SurfaceCheck[] = [...tlsEventChecks, ...tlsTrustChecks, ...tlsHandshakeChecks];
