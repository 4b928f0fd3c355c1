import { UnsupportedError, type ConnectionInfo } from "rivulet";
import { describe, expect, it } from "vitest";
import type { Core, Phase } from "../core.ts";
import { MQTTError } from "../mqtt-error.ts";
import { Settings } from "../settings/settings.ts";
import * as addresses from "./addresses.ts";

interface Given {
  readonly phase?: Phase;
  readonly hasSockets?: boolean;
  readonly connection?: Partial<ConnectionInfo>;
}

function coreWith({ phase = "idle", hasSockets = true, connection }: Given = {}): Core {
  const settings = new Settings();
  settings.remoteHost = "broker.example";
  settings.socket.firewallHost = "proxy.example";
  settings.socket.localHost = "localhost";
  // What is looked at.
  return { settings, phase, platform: { name: "somewhere", hasSockets }, client: { connection } } as unknown as Core;
}

function failure(act: () => void): MQTTError {
  try {
    act();
  } catch (error) {
    if (error instanceof MQTTError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}

const ends = { transport: "tcp", localAddress: "127.0.0.1", localPort: 5, remoteAddress: "127.0.0.9", remotePort: 6 };

describe("while there is a connection", () => {
  it("its addresses are read, and the names are kept", () => {
    const core = coreWith({ phase: "connected", connection: ends });
    expect(addresses.readRemoteHost(core)).toBe("127.0.0.9");
    expect(addresses.readLocalHost(core)).toBe("127.0.0.1");
    expect(addresses.readLocalPort(core)).toBe(5);
    expect(addresses.readFirewallHost(core)).toBe("proxy.example");
    expect(core.settings.remoteHost).toBe("broker.example");
    expect(core.settings.socket.localHost).toBe("localhost");
  });

  it("the other end is the proxy's where there is one", () => {
    const proxied = { ...ends, proxy: "socks5://proxy.example:1080" };
    const core = coreWith({ phase: "connected", connection: proxied });
    expect(addresses.readFirewallHost(core)).toBe("127.0.0.9");
    expect(addresses.readRemoteHost(core)).toBe("broker.example");
    const resolved = coreWith({ phase: "connected", connection: { ...proxied, serverAddress: "127.0.0.7" } });
    expect(addresses.readRemoteHost(resolved)).toBe("127.0.0.7");
  });

  it("the URL of a WebSocket is read as it was set", () => {
    const core = coreWith({ phase: "connected", connection: ends });
    core.settings.remoteHost = "ws://broker.example/mqtt";
    expect(addresses.readRemoteHost(core)).toBe("ws://broker.example/mqtt");
  });

  it("what the platform does not tell is read as it was set", () => {
    const core = coreWith({ phase: "connected", connection: { transport: "websocket", url: "ws://a" } });
    expect(addresses.readRemoteHost(core)).toBe("broker.example");
    expect(addresses.readLocalHost(core)).toBe("localhost");
    expect(addresses.readLocalPort(core)).toBe(0);
  });
});

it.each(["idle", "connecting", "reconnecting"] as const)("while it is %s, what was set is read", (phase) => {
  const core = coreWith({ phase, connection: ends });
  expect(addresses.readRemoteHost(core)).toBe("broker.example");
  expect(addresses.readLocalHost(core)).toBe("localhost");
  expect(addresses.readLocalPort(core)).toBe(0);
});

describe.each(["connecting", "connected", "reconnecting", "disconnecting"] as const)("while it is %s", (phase) => {
  it.each<readonly [number, (core: Core) => void]>([
    [100, (core) => addresses.setRemotePort(core, 1)],
    [101, (core) => addresses.setRemoteHost(core, "a")],
    [106, (core) => addresses.setLocalPort(core, 1)],
    [107, (core) => addresses.setLocalHost(core, "a", 107)],
    [1119, (core) => addresses.setLocalHost(core, "a", 1119)],
  ])("%i refuses a change", (code, set) => {
    const core = coreWith({ phase });
    const before = structuredClone(core.settings);
    expect(failure(() => set(core)).code).toBe(code);
    expect(structuredClone(core.settings)).toEqual(before);
  });

  it("the firewall may be changed, for the next connection", () => {
    const core = coreWith({ phase });
    addresses.setFirewallHost(core, " other.example ");
    addresses.setFirewallType(core, 3);
    addresses.setFirewallPort(core, 3128);
    expect(core.settings.socket).toMatchObject({
      ...{ firewallHost: "other.example", firewallType: 3, firewallPort: 3128 },
    });
  });
});

describe("setFirewallType", () => {
  it.each([
    [0, 0],
    [1, 80],
    [2, 1080],
    [3, 1080],
    [10, 1080],
  ])("%i sets the port %i", (type, port) => {
    const core = coreWith();
    core.settings.socket.firewallPort = 5;
    addresses.setFirewallType(core, type);
    expect(core.settings.socket).toMatchObject({ firewallType: type, firewallPort: port });
  });
});

describe("setKeepAliveTime", () => {
  it("switches the probes on, and its reset does not switch them off", () => {
    const core = coreWith();
    addresses.setKeepAliveTime(core, 5000);
    expect(core.settings.socket).toMatchObject({ keepAliveTimeMs: 5000, tcpKeepAlive: true });
    addresses.setKeepAliveTime(core, undefined);
    expect(core.settings.socket).toMatchObject({ keepAliveTimeMs: undefined, tcpKeepAlive: true });
  });
});

it.each<readonly [string, (core: Core) => void]>([
  ["a type of firewall", (core) => addresses.setFirewallType(core, 4)],
  ["a port of a firewall", (core) => addresses.setFirewallPort(core, 65_536)],
  ["a port of a firewall", (core) => addresses.setFirewallPort(core, -1)],
  ["a local port", (core) => addresses.setLocalPort(core, 1.5)],
  ["a time", (core) => addresses.setKeepAliveTime(core, 0)],
  ["a time", (core) => addresses.setKeepAliveTime(core, 40_000_000)],
])("what is no %s is refused with 10022", (_what, set) => {
  const core = coreWith();
  const before = structuredClone(core.settings);
  expect(failure(() => set(core)).code).toBe(10_022);
  expect(structuredClone(core.settings)).toEqual(before);
});

describe("without sockets", () => {
  it.each<readonly [number, string, (core: Core) => void]>([
    [118, "FirewallType", (core) => addresses.setFirewallType(core, 1)],
    [118, "FirewallPort", (core) => addresses.setFirewallPort(core, 1)],
    [118, "FirewallHost", (core) => addresses.setFirewallHost(core, "a")],
    [10_045, "LocalHost", (core) => addresses.setLocalHost(core, "a", 107)],
    [10_045, "LocalPort", (core) => addresses.setLocalPort(core, 1)],
    [10_045, "KeepAliveTime", (core) => addresses.setKeepAliveTime(core, 1)],
  ])("%i refuses %s", (code, setting, set) => {
    const error = failure(() => set(coreWith({ hasSockets: false })));
    expect(error.code).toBe(code);
    expect(error.cause).toBeInstanceOf(UnsupportedError);
    expect((error.cause as UnsupportedError).feature).toBe(setting);
  });

  it("the defaults can be set", () => {
    const core = coreWith({ hasSockets: false });
    addresses.setFirewallType(core, 0);
    addresses.setFirewallPort(core, 0);
    addresses.setFirewallHost(core, "");
    addresses.setLocalHost(core, "", 107);
    addresses.setLocalPort(core, 0);
    addresses.setKeepAliveTime(core, undefined);
    expect(core.settings.socket).toMatchObject({ firewallType: 0, firewallHost: "", localHost: "", localPort: 0 });
  });
});
