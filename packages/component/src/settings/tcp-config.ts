import type { Core } from "../core.ts";
import {
  readFirewallHost,
  readLocalHost,
  readLocalPort,
  setFirewallHost,
  setFirewallPort,
  setFirewallType,
  setKeepAliveTime,
  setLocalHost,
  setLocalPort,
} from "../options/addresses.ts";
import { unsupported } from "../options/unsupported.ts";
import { fieldSetting } from "./field-setting.ts";
import { booleanField, integerField, textField, type Field } from "./fields.ts";
import { connectionTimeout } from "./mqtt-config.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import type { SocketSettings } from "./socket-settings.ts";
import { isReset, parseInteger, secondsRange } from "./values.ts";

function socket(settings: Settings): SocketSettings {
  return settings.socket;
}

const anyInteger = { min: -2_147_483_648, max: 2_147_483_647 } as const;
const fromZero = { max: 2_147_483_647 } as const;

function firewallSetting(field: Field): Setting {
  return fieldSetting("TCPClient", field, { needs: "firewall" });
}

function socketSetting(field: Field): Setting {
  return fieldSetting("TCPClient", field, { needs: "sockets" });
}

/** A setting that a property has the rules of. */
function sharedSetting(
  name: string,
  get: (core: Core) => string | number,
  set: (core: Core, value: string) => void,
): Setting {
  return { name, group: "TCPClient", get: (core) => String(get(core)), set };
}

/** The same of a number; what resets it is the default. */
function sharedInteger(name: string, get: (core: Core) => number, set: (core: Core, value: number) => void): Setting {
  return sharedSetting(name, get, (core, value) => {
    set(core, isReset(value) ? 0 : parseInteger(name, value, anyInteger));
  });
}

const firewallConfig: readonly Setting[] = [
  firewallSetting(booleanField({ name: "FirewallAutoDetect", of: socket, key: "firewallAutoDetect" })),
  sharedSetting("FirewallHost", readFirewallHost, setFirewallHost),
  firewallSetting(textField({ name: "FirewallPassword", of: socket, key: "firewallPassword" })),
  sharedInteger("FirewallPort", ({ settings }) => settings.socket.firewallPort, setFirewallPort),
  sharedInteger("FirewallType", ({ settings }) => settings.socket.firewallType, setFirewallType),
  firewallSetting(textField({ name: "FirewallUser", of: socket, key: "firewallUser" })),
  firewallSetting(textField({ name: "ProxyExceptionsList", of: socket, key: "proxyExceptionsList" })),
];

/** No platform's sockets let the time between probes be chosen. */
const keepAliveInterval = sharedSetting(
  "KeepAliveInterval",
  () => -1,
  (core, value) => {
    if (isReset(value)) return;
    const why = "only the time before the first probe can be chosen, with KeepAliveTime";
    throw unsupported(core, { code: 10042, setting: "KeepAliveInterval", why });
  },
);

const keepAliveTime = sharedSetting(
  "KeepAliveTime",
  ({ settings }) => settings.socket.keepAliveTimeMs ?? -1,
  (core, value) => {
    setKeepAliveTime(core, isReset(value) ? undefined : parseInteger("KeepAliveTime", value, anyInteger));
  },
);

const socketOptions: readonly Setting[] = [
  keepAliveInterval,
  keepAliveTime,
  socketSetting(booleanField({ name: "Linger", of: socket, key: "linger" })),
  socketSetting(integerField({ name: "LingerTime", of: socket, key: "lingerTime" }, secondsRange)),
  sharedSetting("LocalHost", readLocalHost, (core, value) => {
    setLocalHost(core, value, 1119);
  }),
  sharedInteger("LocalPort", readLocalPort, setLocalPort),
  fieldSetting(
    "TCPClient",
    integerField({ name: "MaxLineLength", of: socket, key: "maxLineLength" }, { ...fromZero, min: 256 }),
    { fixedCode: 112 },
  ),
  socketSetting(integerField({ name: "MaxTransferRate", of: socket, key: "maxTransferRate" }, fromZero)),
  socketSetting(booleanField({ name: "TCPKeepAlive", of: socket, key: "tcpKeepAlive" })),
  socketSetting(booleanField({ name: "TcpNoDelay", of: socket, key: "tcpNoDelay" })),
  socketSetting(integerField({ name: "UseIPv6", of: socket, key: "useIPv6" }, { max: 2 })),
];

/** The socket and what is between it and the server. */
export const tcpConfig: readonly Setting[] = [connectionTimeout("TCPClient"), ...firewallConfig, ...socketOptions];
