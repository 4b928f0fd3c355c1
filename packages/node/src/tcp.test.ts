import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type Duplex,
  type TransportOptions,
  type TransportTarget,
} from "@rivulet/engine";
import { afterAll, describe, expect, it } from "vitest";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { createCertificateLab } from "../testing/certificates.ts";
import { startTcpPeer } from "../testing/tcp-peer.ts";
import { tcp } from "./mod.ts";

const directory = mkdtempSync(join(tmpdir(), "rivulet-sockets-"));
let socketCount = 0;

afterAll(async () => {
  await lab.cleanup();
  rmSync(directory, { recursive: true });
});

function socketPath(): string {
  socketCount += 1;
  // What stands there has to be escaped in a URL.
  return join(directory, `mqtt 100% ${socketCount}`);
}

const overTcp: TransportHarness = {
  transport: tcp,
  kind: "tcp",
  inboundBackPressure: true,
  startPeer: () => startTcpPeer(),
};

const fast = { socket: { maxTransferRate: 1_000_000_000 } };

const lab = await createCertificateLab();
const certificate = await lab.createSelfSigned({
  commonName: "127.0.0.1",
  altNames: ["IP:127.0.0.1"],
  extendedKeyUsage: ["serverAuth"],
});
const tls = { acceptServerCertificate: certificate.certificate };

const overTls: TransportHarness = {
  ...overTcp,
  options: { tls },
  startPeer: () => startTcpPeer({ tls: { key: certificate.key, cert: certificate.certificate } }),
};

const harnesses: readonly (readonly [string, TransportHarness])[] = [
  ["TCP", overTcp],
  ["Unix sockets", { ...overTcp, startPeer: () => startTcpPeer({ path: socketPath() }) }],
  ["TLS", overTls],
  ["TLS 1.2", { ...overTls, options: { tls: { ...tls, maxVersion: "TLSv1.2" } } }],
  ["TLS with time to linger", { ...overTls, options: { socket: { linger: 10 }, tls } }],
  ["TCP with a limit that is not reached", { ...overTcp, options: fast }],
  ["TCP with small buffers", { ...overTcp, options: { socket: { sendBufferBytes: 10, receiveBufferBytes: 10 } } }],
];

/** What a scenario takes for granted that is not so with these. */
const others: ReadonlySet<string> = new Set([
  "TLS: tells where it is connected to",
  "TLS 1.2: tells where it is connected to",
  "TLS with time to linger: tells where it is connected to",
  // There the transport has another name, and a refusal no port: both are tested below.
  "Unix sockets: tells where it is connected to",
  "Unix sockets: a refused connection is a TransportError",
]);

describe.each(harnesses)("the transport contract over %s", (name, harness) => {
  const scenarios = transportScenarios.filter((one) => one.applies(harness) && !others.has(`${name}: ${one.name}`));
  for (const scenario of scenarios) {
    it(scenario.name, { timeout: 30_000 }, () => scenario.run(harness, assert));
  }
});

const target: TransportTarget = {
  url: "mqtt://127.0.0.1:1",
  address: "mqtt://127.0.0.1:1",
  scheme: "mqtt:",
  hostname: "127.0.0.1",
  port: 1,
  path: "/",
};

const unixTarget = (path: string): TransportTarget => ({
  ...target,
  ...{ url: `mqtt+unix://${path}`, address: `mqtt+unix://${path}` },
  ...{ scheme: "mqtt+unix:", hostname: "", port: 0, path },
});

function open(at: TransportTarget, options: TransportOptions = {}, reports: string[] = []): Promise<Duplex> {
  const { signal } = new AbortController();
  const report = (status: string): number => reports.push(status);
  return tcp.open(at, options, { signal, report, verify: () => false });
}

const failure = (opening: Promise<unknown>): Promise<unknown> => opening.catch((reason: unknown) => reason);

describe("tcp", () => {
  it("says why it cannot connect", async () => {
    const error = await failure(open(target));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).message).toBe("Cannot connect to 127.0.0.1:1: connection refused");
    expect((error as TransportError).cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  it("writes an IPv6 address in brackets", async () => {
    await expect(open({ ...target, hostname: "::1" })).rejects.toThrow("Cannot connect to [::1]:1: ");
  });

  it("says that a host name is not found", async () => {
    await expect(open({ ...target, hostname: "no-such-host.invalid" })).rejects.toThrow(
      /^Cannot connect to no-such-host\.invalid:1: (host name not found|the host name could not be looked up for now)$/,
    );
  });

  it("tells both ends and how far it has got", async () => {
    const peer = await startTcpPeer();
    const reports: string[] = [];
    const duplex = await open(peer.target, {}, reports);
    expect(duplex.info).toEqual({
      transport: "tcp",
      url: peer.target.url,
      localAddress: "127.0.0.1",
      localPort: expect.any(Number) as number,
      remoteAddress: "127.0.0.1",
      remotePort: peer.target.port,
    });
    expect(reports).toEqual(["connecting", "connected"]);
    duplex.abort();
    await peer.close();
  });

  it("leaves nothing behind when a report leads to an abort", async () => {
    const peer = await startTcpPeer();
    const controller = new AbortController();
    const report = (status: string): void => {
      if (status === "connected") controller.abort(new Error("enough"));
    };
    const opening = tcp.open(peer.target, {}, { signal: controller.signal, report, verify: () => false });
    await expect(opening).rejects.toThrow("enough");
    await (await peer.accept()).whenEnded();
    await peer.whenIdle();
    await peer.close();
  });

  it("refuses options for sockets that it does not know", async () => {
    const error = await failure(open(target, { socket: { colour: "red" } as object }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe("socket.colour");
  });

  it("leaves options for other kinds of transport alone, and TLS where none is asked for", async () => {
    const options = { webSocket: { headers: { a: "b" } }, tls: { ca: "nonsense" } };
    await expect(open(target, options)).rejects.toThrow(TransportError);
  });
});

describe("Unix sockets", () => {
  it("says what it is", async () => {
    const peer = await startTcpPeer({ path: socketPath() });
    const duplex = await open(peer.target);
    expect(duplex.info).toEqual({ transport: "unix", url: peer.target.url });
    duplex.abort();
    await expect(duplex.closed).rejects.toThrow(/^The connection to .*\/mqtt 100% \d+ was aborted$/);
    await peer.close();
  });

  it("says why it cannot connect", async () => {
    await expect(open(unixTarget(`${directory}/none`))).rejects.toThrow(
      `Cannot connect to ${directory}/none: there is no such socket`,
    );
    await expect(open(unixTarget("/dev/null"))).rejects.toThrow("Cannot connect to /dev/null: connection refused");
  });

  it.each([
    ["socket.localAddress", { socket: { localAddress: "127.0.0.1" } }],
    ["socket.localPort", { socket: { localPort: 0 } }],
    ["socket.family", { socket: { family: 4 } }],
    ["socket.keepAlive", { socket: { keepAlive: true } }],
    ["socket.linger", { socket: { linger: false } }],
    ["proxy", { proxy: "socks5://127.0.0.1" }],
    ["proxy", { proxy: { url: new URL("socks5://127.0.0.1") } }],
  ] as const)("refuse %s", async (option, options) => {
    const error = await failure(open(unixTarget("/none"), options));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as UnsupportedError).feature).toBe(option);
    expect((error as UnsupportedError).message).toBe(`${option} is for connections over TCP, not for a Unix socket`);
  });

  it("mind no option that asks for nothing", async () => {
    const options = { socket: { noDelay: true, keepAlive: false, linger: undefined }, proxy: { url: "system" } };
    await expect(open(unixTarget("/none"), options)).rejects.toThrow(
      "Cannot connect to /none: there is no such socket",
    );
    await expect(open(unixTarget("/none"), { proxy: "system" })).rejects.toThrow(TransportError);
  });

  it.each([
    ["/", "A URL of a Unix socket has the form mqtt+unix:///path, not /"],
    ["/a%00b", "A URL of a Unix socket has the form mqtt+unix:///path, not /a%00b"],
    ["/100%", "A URL of a Unix socket has the form mqtt+unix:///path; a % in it that begins no escape is written %25"],
  ])("take no path %s", async (path, message) => {
    const error = await failure(open(unixTarget(path)));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).message).toBe(message);
  });

  it("take no host, and leave the query alone", async () => {
    await expect(open({ ...unixTarget("/mqtt"), hostname: "run" })).rejects.toThrow(
      "A URL of a Unix socket has the form mqtt+unix:///path, with three slashes: run would be a host",
    );
    await expect(open(unixTarget("/none?token=1"))).rejects.toThrow("Cannot connect to /none: there is no such socket");
  });
});
