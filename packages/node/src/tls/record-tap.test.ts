import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TlsVersion } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { startPlainServer, startTlsServer, type TestServer, type TestTlsServer } from "../../testing/tls-servers.ts";
import { describeRecord, RecordReader } from "./record-reader.ts";

let lab: CertificateLab;
let root: Authority;
let server: IssuedCertificate;
beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Test Root" });
  server = await root.issue({ commonName: "localhost", altNames: ["DNS:localhost"] });
});
afterAll(() => lab.cleanup());

function start(maxVersion: TlsVersion = "TLSv1.3"): Promise<TestTlsServer> {
  return startTlsServer({ cert: server.chain, key: server.key, maxVersion });
}

interface Watcher extends TestServer {
  readonly records: readonly string[];
  /** Ends the client's connection with a reset. */
  reset(): void;
}

/** Passes everything on, and remembers the records of both directions as they stand on the wire. */
async function startWatcher(port: number): Promise<Watcher> {
  const records: string[] = [];
  let client: Socket | undefined;
  const watch = (socket: Socket, direction: string): void => {
    const reader = new RecordReader((header) => records.push(`record ${direction}: ${describeRecord(header)}`));
    socket.on("data", (chunk: Buffer) => {
      reader.read(chunk);
    });
  };
  const watcher = await startPlainServer((socket) => {
    client = socket;
    const onward = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    onward.on("error", () => socket.destroy());
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
    watch(socket, "sent");
    watch(onward, "received");
    socket.pipe(onward);
    onward.pipe(socket);
  });
  return { ...watcher, records, reset: () => client?.resetAndDestroy() };
}

const ofDirection = (records: readonly string[], direction: string): string[] =>
  records.filter((record) => record.startsWith(`record ${direction}: `));

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a tap under %s", (version) => {
  it("tells of every record on the wire, in both directions", async () => {
    await using peer = await start(version);
    await using watcher = await startWatcher(peer.port);
    const statuses: string[] = [];
    const options = { ca: root.certificate, logRecords: true };
    const { socket, info } = await secureTo(watcher.port, options, { statuses });
    const accepted = await peer.accept();
    // More than one record, and more than the buffers on the way hold.
    const payload = Buffer.alloc(1_000_000, "x");
    socket.write(payload);
    accepted.write("an answer");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toBe("an answer");
    socket.end();
    accepted.end();
    await Promise.all([once(accepted, "end"), once(socket, "close")]);
    expect(peer.received()).toHaveLength(payload.length);
    expect(info.protocol).toBe(version);
    for (const direction of ["sent", "received"]) {
      const told = ofDirection(statuses, direction);
      expect(told).toEqual(ofDirection(watcher.records, direction));
      expect(told[0]).toMatch(/: handshake, TLS 1\.\d, \d+ bytes$/);
    }
    expect(
      ofDirection(statuses, "sent").filter((record) => record.includes("application_data")).length,
    ).toBeGreaterThan(60);
  });
});

describe("a tap", () => {
  it("is not there unless it is asked for", async () => {
    await using peer = await start();
    const statuses: string[] = [];
    const { socket } = await secureTo(peer.port, { ca: root.certificate }, { statuses });
    socket.destroy();
    expect(statuses.length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status.startsWith("record"))).toEqual([]);
  });

  it("leaves nothing open when TLS fails, and tells of the alert", async () => {
    await using peer = await start();
    const statuses: string[] = [];
    const options = { ca: root.certificate, logRecords: true, minVersion: "TLSv1.3" as const };
    await using old = await start("TLSv1.2");
    await expect(secureTo(old.port, options, { statuses })).rejects.toThrow("Cannot make TLS");
    expect(statuses).toContain("record received: alert, TLS 1.2, 2 bytes");
    await expect(secureTo(peer.port, { logRecords: true })).rejects.toThrow("No trusted authority");
  });

  it("passes on that the server is gone, and what it sent before", async () => {
    await using peer = await start();
    const { socket } = await secureTo(peer.port, { ca: root.certificate, logRecords: true });
    const accepted = await peer.accept();
    accepted.end("farewell");
    let received = "";
    socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
    await once(socket, "end");
    expect(received).toBe("farewell");
    socket.destroy();
  });

  it("passes on a reset of the connection", async () => {
    await using peer = await start();
    await using watcher = await startWatcher(peer.port);
    const { socket } = await secureTo(watcher.port, { ca: root.certificate, logRecords: true });
    const failed = once(socket, "error");
    // `once` would reject by the error.
    const closed = new Promise((resolve) => socket.on("close", resolve));
    watcher.reset();
    await expect(failed).resolves.toMatchObject([{ code: "ECONNRESET" }]);
    await closed;
  });
});
