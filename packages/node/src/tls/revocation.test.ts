import { readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TlsOptions } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { startTlsServer, type TestTlsServer } from "../../testing/tls-servers.ts";

/*
 * What comes of each answer is tested where revocation is. Here it is seen that TLS asks for the stapled answer, hands over the
 * chain up to the root, and goes by what is found.
 */

let lab: CertificateLab;
let root: Authority;
let good: IssuedCertificate;
let revoked: IssuedCertificate;
/** The paths that were asked for. */
const asked: string[] = [];
let crl = new Uint8Array();
const lists = createHttpServer((request, response) => {
  asked.push(request.url ?? "");
  response.end(crl);
});

beforeAll(async () => {
  lab = await createCertificateLab();
  lists.listen(0, "127.0.0.1");
  await once(lists, "listening");
  const crlUrl = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/list.crl`;
  root = await lab.createAuthority({ commonName: "Test Root" });
  const request = { commonName: "localhost", altNames: ["DNS:localhost"], crlUrl };
  good = await root.issue(request);
  revoked = await root.issue(request);
  await root.revoke(revoked, "keyCompromise");
  crl = Uint8Array.from((await root.createCrl()).der);
});
afterAll(async () => {
  lists.close();
  await lab.cleanup();
});

/** A server that staples the answer of its authority about it, made by `openssl ocsp`. */
async function startStapling(issued: IssuedCertificate): Promise<TestTlsServer> {
  const file = join(lab.directory, `${issued.serialNumber}.ocsp`);
  await lab.openssl(
    ...["ocsp", "-index", root.indexFile, "-CA", root.certificateFile, "-issuer", root.certificateFile],
    ...["-rsigner", root.certificateFile, "-rkey", root.keyFile, "-cert", issued.certificateFile, "-respout", file],
    ...["-ndays", "1", "-noverify"],
  );
  const answer = await readFile(file);
  return startTlsServer({ cert: issued.certificate, key: issued.key }, (server) => {
    server.on("OCSPRequest", (_certificate: Buffer, _issuer: Buffer, reply: (error: null, answer: Buffer) => void) => {
      reply(null, answer);
    });
  });
}

describe("ocspStapling", () => {
  it("goes by the answer that the server brings along", async () => {
    await using peer = await startStapling(good);
    const options: TlsOptions = { ca: root.certificate, ocspStapling: "required" };
    const statuses: string[] = [];
    const { socket, info } = await secureTo(peer.port, options, { statuses });
    socket.destroy();
    expect(info.problems).toEqual([]);
    expect(statuses[2]).toMatch(/^The server's certificate /);
    // Nothing is stapled to a session that is taken up again.
    const second = await secureTo(peer.port, options);
    second.socket.destroy();
    expect(second.info.isSessionReused).toBe(false);
  });

  it("refuses what has been revoked, unless that is allowed by name", async () => {
    await using peer = await startStapling(revoked);
    const options: TlsOptions = { ca: root.certificate, ocspStapling: "ifAvailable" };
    await expect(secureTo(peer.port, options)).rejects.toThrow(
      /^The certificate of localhost:\d+ is refused: The server's certificate .*revoked.*keyCompromise/i,
    );
    const { socket, info } = await secureTo(peer.port, { ...options, allowRevoked: true });
    socket.destroy();
    expect(info.problems).toMatchObject([{ code: "revoked", isAllowed: true }]);
  });

  it("may be required", async () => {
    await using peer = await startTlsServer({ cert: good.certificate, key: good.key });
    const { socket } = await secureTo(peer.port, { ca: root.certificate, ocspStapling: "ifAvailable" });
    socket.destroy();
    const required: TlsOptions = { ca: root.certificate, ocspStapling: "required" };
    await expect(secureTo(peer.port, { ...required, allowRevoked: true })).rejects.toThrow(
      "Nobody could say whether the server's certificate has been revoked",
    );
  });
});

describe("crl", () => {
  it("refuses what is on the list", async () => {
    await using peer = await startTlsServer({ cert: revoked.certificate, key: revoked.key });
    const options: TlsOptions = { ca: root.certificate, crl: "required" };
    await expect(secureTo(peer.port, options)).rejects.toThrow(/is refused: The server's certificate .*revoked/);
    const { socket } = await secureTo(peer.port, { ...options, allowRevoked: true });
    socket.destroy();
    await using fine = await startTlsServer({ cert: good.certificate, key: good.key });
    (await secureTo(fine.port, options)).socket.destroy();
    expect(asked).toContain("/list.crl");
  });

  it("asks nobody whom a certificate names that would be refused anyhow, or that is pinned", async () => {
    const crlUrl = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/of-stranger.crl`;
    const stranger = await lab.createAuthority({ commonName: "Stranger" });
    const issued = await stranger.issue({ commonName: "localhost", altNames: ["DNS:localhost"], crlUrl });
    await using peer = await startTlsServer({ cert: issued.certificate, key: issued.key });
    const options: TlsOptions = { ca: root.certificate, crl: "required" };
    await expect(secureTo(peer.port, options)).rejects.toThrow("No trusted authority stands behind the certificate");
    const pinned = { ...options, acceptServerCertificate: issued.certificate };
    (await secureTo(peer.port, pinned)).socket.destroy();
    const anybody: TlsOptions = { ca: root.certificate, allowUnknownAuthority: true };
    (await secureTo(peer.port, { ...anybody, crl: "ifAvailable" })).socket.destroy();
    await expect(secureTo(peer.port, { ...anybody, crl: "required" })).rejects.toThrow(
      "Addresses in certificates of an unknown authority are not asked",
    );
    expect(asked).not.toContain("/of-stranger.crl");
  });

  it("is asked again for a session that is taken up", async () => {
    await using peer = await startTlsServer({ cert: good.certificate, key: good.key }, (server) => {
      server.on("secureConnection", (socket: { write(text: string): void }) => {
        socket.write("x");
      });
    });
    const options: TlsOptions = { ca: root.certificate, crl: "required" };
    const first = await secureTo(peer.port, options);
    await once(first.socket, "data");
    first.socket.destroy();
    const statuses: string[] = [];
    const second = await secureTo(peer.port, options, { statuses });
    second.socket.destroy();
    expect(second.info.isSessionReused).toBe(true);
    expect(statuses).toContainEqual(expect.stringMatching(/^The server's certificate /));
  });
});
