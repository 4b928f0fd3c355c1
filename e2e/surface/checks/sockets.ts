import type { SurfaceCheck } from "../check.ts";
import { checks as addresses } from "./sockets/addresses.ts";
import { checks as connectionStatus } from "./sockets/connection-status.ts";
import { checks as firewall } from "./sockets/firewall.ts";
import { checks as tcp } from "./sockets/tcp.ts";
import { checks as times } from "./sockets/times.ts";

export const checks: readonly SurfaceCheck[] = [...addresses, ...firewall, ...tcp, ...times, ...connectionStatus];
