import type { ConnectionInfo } from "rivulet";
import type { Core } from "../core.ts";
import { FirewallTypes } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import { setSocketField } from "./socket-fields.ts";

// Properties and configuration settings share these. While there is a connection, the addresses that it has are read;
// the names stay what the next connection is made with.

/** What is known of the ends of the connection that is there. */
function ends({ client, phase }: Core): Partial<ConnectionInfo> {
  return (phase === "connected" ? client?.connection : undefined) ?? {};
}

/** Refuses a change while a connection is there or being made. */
function refuseChange({ phase }: Core, code: number): void {
  if (phase !== "idle") throw new MQTTError(code);
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

/** The address of the server, where it has been found; a WebSocket's URL as it was set. */
export function readRemoteHost(core: Core): string {
  const { remoteHost } = core.settings;
  const { proxy, remoteAddress, serverAddress } = ends(core);
  if (remoteHost.includes("://")) return remoteHost;
  return serverAddress ?? (proxy === undefined ? remoteAddress : undefined) ?? remoteHost;
}

/** @throws MQTTError 101; 10022 for what is no text. */
export function setRemoteHost(core: Core, value: string): void {
  refuseChange(core, 101);
  const given: unknown = value;
  if (typeof given !== "string") {
    throw new MQTTError(10022, { detail: `RemoteHost must be a string, and is a ${typeof given}` });
  }
  core.settings.remoteHost = value;
}

/** @throws MQTTError 100. Whether it is a port is looked at when it is connected to. */
export function setRemotePort(core: Core, value: number): void {
  refuseChange(core, 100);
  core.settings.remotePort = value;
}

/** The address of this end of the connection. */
export function readLocalHost(core: Core): string {
  return ends(core).localAddress ?? core.settings.socket.localHost;
}

/** @throws MQTTError with `code` (the property's is 107, the configuration setting's 1119); 10045 without sockets. */
export function setLocalHost(core: Core, value: string, code: 107 | 1119): void {
  refuseChange(core, code);
  setSocketField(core, "localHost", value.trim());
}

/** The port of this end of the connection. */
export function readLocalPort(core: Core): number {
  return ends(core).localPort ?? core.settings.socket.localPort;
}

/** @throws MQTTError 106; 10022 for what is no port; 10045 without sockets. */
export function setLocalPort(core: Core, value: number): void {
  refuseChange(core, 106);
  if (!isPort(value)) throw new MQTTError(10_022, { detail: `LocalPort is from 0 to 65535, not ${value}` });
  setSocketField(core, "localPort", value);
}

/** The address of the firewall, where the connection goes through it. */
export function readFirewallHost(core: Core): string {
  const { proxy, remoteAddress } = ends(core);
  return (proxy === undefined ? undefined : remoteAddress) ?? core.settings.socket.firewallHost;
}

/** @throws MQTTError 118 without sockets. */
export function setFirewallHost(core: Core, value: string): void {
  setSocketField(core, "firewallHost", value.trim());
}

/** @throws MQTTError 10022 for what is no port; 118 without sockets. */
export function setFirewallPort(core: Core, value: number): void {
  if (!isPort(value)) throw new MQTTError(10_022, { detail: `FirewallPort is from 0 to 65535, not ${value}` });
  setSocketField(core, "firewallPort", value);
}

/** The port that is usual for each type. */
const firewallPorts: Readonly<Record<number, number>> = {
  [FirewallTypes.fwNone]: 0,
  [FirewallTypes.fwTunnel]: 80,
  [FirewallTypes.fwSOCKS4]: 1080,
  [FirewallTypes.fwSOCKS5]: 1080,
  [FirewallTypes.fwSOCKS4A]: 1080,
};

/** Sets the port of that type too; 0 where there is none. @throws MQTTError 10022 for what is no type; 118 without sockets. */
export function setFirewallType(core: Core, value: number): void {
  const port = firewallPorts[value];
  if (port === undefined) throw new MQTTError(10_022, { detail: `FirewallType is 0, 1, 2, 3 or 10, not ${value}` });
  setSocketField(core, "firewallType", value);
  setSocketField(core, "firewallPort", port);
}

/** The longest that the platforms take. */
const maxKeepAliveTimeMs = 32_767_000;

/** Ms; undefined: the system's. Setting it switches `TCPKeepAlive` on. @throws MQTTError 10022; 10045 without sockets. */
export function setKeepAliveTime(core: Core, value: number | undefined): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= maxKeepAliveTimeMs)) {
    throw new MQTTError(10_022, { detail: `KeepAliveTime is from 1 to ${maxKeepAliveTimeMs} ms, not ${value}` });
  }
  setSocketField(core, "keepAliveTimeMs", value);
  if (value !== undefined) setSocketField(core, "tcpKeepAlive", true);
}
