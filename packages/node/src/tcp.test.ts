import assert from "node:assert/strict";
import { InvalidOptionError, TransportError, type TransportOptions, type TransportTarget } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { startTcpPeer } from "../testing/tcp-peer.ts";
import { tcp } from "./mod.ts";

const harness: TransportHarness = {
  transport: tcp,
  kind: "tcp",
  inboundBackPressure: true,
  startPeer: startTcpPeer,
};

describe("the transport contract", () => {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    it(scenario.name, { timeout: 30_000 }, () => scenario.run(harness, assert));
  }
});

describe("tcp", () => {
  const target: TransportTarget = {
    url: "mqtt://127.0.0.1:1",
    address: "mqtt://127.0.0.1:1",
    scheme: "mqtt:",
    hostname: "127.0.0.1",
    port: 1,
    path: "/",
  };
  const open = (at: TransportTarget, options: TransportOptions = {}, reports: string[] = []): Promise<unknown> =>
    tcp.open(at, options, { signal: new AbortController().signal, report: (status) => reports.push(status) });

  it("says why it cannot connect", async () => {
    const error = await open(target).catch((reason: unknown) => reason);
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
    const signal = new AbortController().signal;
    const duplex = await tcp.open(peer.target, {}, { signal, report: (status) => reports.push(status) });
    expect(duplex.info).toMatchObject({
      localAddress: "127.0.0.1",
      localPort: expect.any(Number) as number,
      remoteAddress: "127.0.0.1",
      remotePort: peer.target.port,
    });
    expect(reports).toEqual(["connecting", "connected"]);
    duplex.abort();
    await peer.close();
  });

  it("refuses options for sockets that it does not know", async () => {
    const error = await open(target, { socket: { colour: "red" } as object }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe("socket.colour");
    await expect(open(target, { socket: { noDelay: 1 as unknown as boolean } })).rejects.toThrow(InvalidOptionError);
  });

  it("leaves options for other kinds of transport alone", async () => {
    await expect(open(target, { webSocket: { headers: { a: "b" } } })).rejects.toThrow(TransportError);
  });
});
