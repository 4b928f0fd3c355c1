import type { ProxyOptions } from "rivulet";
import type { Core } from "../core.ts";
import { FirewallTypes } from "../enumerations.ts";
import { MQTTError } from "../mqtt-error.ts";
import { urlHost, type ServerAddress } from "./server-url.ts";

const schemes: Readonly<Record<number, string>> = {
  [FirewallTypes.fwTunnel]: "http",
  [FirewallTypes.fwSOCKS4]: "socks4",
  [FirewallTypes.fwSOCKS5]: "socks5",
  [FirewallTypes.fwSOCKS4A]: "socks4a",
};

/**
 * The firewall as an option of `MqttClient`; undefined: none. One that is set wins over those that the system names.
 *
 * @throws MQTTError 118 for a firewall that cannot be what the settings say.
 */
export function proxyOptions(core: Core, server: ServerAddress): ProxyOptions | undefined {
  const { socket } = core.settings;
  const { firewallType: type, firewallHost, firewallUser, firewallPassword } = socket;
  const scheme = schemes[type];
  const isSet = scheme !== undefined && firewallHost !== "";
  if (!isSet && !socket.firewallAutoDetect) return undefined;
  const isSocks4 = type === FirewallTypes.fwSOCKS4 || type === FirewallTypes.fwSOCKS4A;
  if (isSet && isSocks4 && firewallPassword !== "") {
    throw new MQTTError(118, { detail: "FirewallPassword cannot be told to it: SOCKS4 knows user names only" });
  }
  const isTunnel = type === FirewallTypes.fwTunnel;
  const headers = isTunnel || !isSet ? parseFirewallData(socket.firewallData) : {};
  return {
    url: isSet ? firewallUrl(core, scheme, server) : "system",
    ...(firewallUser === "" ? {} : { username: firewallUser }),
    ...(firewallPassword === "" ? {} : { password: firewallPassword }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    exceptions: socket.proxyExceptionsList
      .split(";")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ""),
    // A tunnel resolves the name in any case, and what the system names says so itself.
    ...(server.isForProxyToResolve ? { resolveNames: "proxy" } : isSet && !isTunnel ? { resolveNames: "here" } : {}),
  };
}

function firewallUrl(core: Core, scheme: string, { isForProxyToResolve }: ServerAddress): string {
  const { firewallType, firewallHost, firewallPort: port } = core.settings.socket;
  if (port === 0) throw new MQTTError(118, { detail: "FirewallPort is 0" });
  // Only by the way of SOCKS4A can SOCKS4 be told a name.
  const spoken = isForProxyToResolve && firewallType === FirewallTypes.fwSOCKS4 ? "socks4a" : scheme;
  try {
    return `${spoken}://${urlHost(firewallHost)}:${port}`;
  } catch (cause) {
    throw new MQTTError(118, { detail: "FirewallHost is neither a host name nor an address", cause });
  }
}

/** Headers that are the tunnel's own. */
const ownHeaders: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding"]);

/**
 * Headers for a tunnel, from lines with CRLF between them.
 *
 * @throws MQTTError 10022 for what is no header, or one that the client sends itself. No value is repeated.
 */
export function parseFirewallData(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === "") continue;
    // As RFC 9110 has it: a lone CR would begin a header for some.
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[\t ]*((?:[\x21-\x7e\x80-\xff][\t ]*)*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new MQTTError(10_022, { detail: "FirewallData has lines of the form Name: value, with CRLF between them" });
    }
    const key = name.toLowerCase();
    if (ownHeaders.has(key)) throw new MQTTError(10_022, { detail: `FirewallData cannot set ${name}` });
    const shown = names.get(key) ?? name;
    const before = headers[shown];
    names.set(key, shown);
    headers[shown] = before === undefined ? value.trim() : `${before}, ${value.trim()}`;
  }
  return headers;
}
