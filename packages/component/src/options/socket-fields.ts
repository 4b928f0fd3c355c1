import type { Core } from "../core.ts";
import { SocketSettings } from "../settings/socket-settings.ts";
import { unsupported, type Unsupported } from "./unsupported.ts";

/** A setting that needs sockets of our own. */
export type SocketField = Exclude<keyof SocketSettings, "absoluteTimeout" | "maxLineLength">;

const defaults = new SocketSettings();

const firewall = (setting: string): Unsupported => ({ code: 118, setting, why: "proxies are its own affair" });
const socket = (setting: string): Unsupported => ({ code: 10_045, setting, why: "it gives no access to sockets" });

const fields: Readonly<Record<SocketField, Unsupported>> = {
  firewallAutoDetect: firewall("FirewallAutoDetect"),
  firewallType: firewall("FirewallType"),
  firewallHost: firewall("FirewallHost"),
  firewallPassword: firewall("FirewallPassword"),
  firewallPort: firewall("FirewallPort"),
  firewallUser: firewall("FirewallUser"),
  firewallData: firewall("FirewallData"),
  proxyExceptionsList: firewall("ProxyExceptionsList"),
  localHost: socket("LocalHost"),
  localPort: socket("LocalPort"),
  keepAliveTimeMs: socket("KeepAliveTime"),
  linger: socket("Linger"),
  lingerTime: socket("LingerTime"),
  maxTransferRate: socket("MaxTransferRate"),
  tcpKeepAlive: socket("TCPKeepAlive"),
  tcpNoDelay: socket("TcpNoDelay"),
  useIPv6: socket("UseIPv6"),
  inBufferSize: socket("InBufferSize"),
  outBufferSize: socket("OutBufferSize"),
};

/**
 * Sets one, unless this platform has no sockets and it is to be something else than it is by default.
 *
 * @throws MQTTError 118 for what is about firewalls, 10045 for the rest.
 */
export function setSocketField<Field extends SocketField>(
  core: Core,
  field: Field,
  value: SocketSettings[Field],
): void {
  if (!core.platform.hasSockets && value !== defaults[field]) throw unsupported(core, fields[field]);
  core.settings.socket[field] = value;
}

/**
 * For a connection whose socket is the platform's own: refuses what has been set.
 *
 * @throws MQTTError as `setSocketField`.
 */
export function refuseSocketFields(core: Core): void {
  const name = core.platform.hasSockets ? `WebSockets of ${core.platform.name}` : core.platform.name;
  for (const [field, what] of Object.entries(fields) as [SocketField, Unsupported][]) {
    if (core.settings.socket[field] === defaults[field]) continue;
    throw unsupported({ platform: { ...core.platform, name } }, what);
  }
}
