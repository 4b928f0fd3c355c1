import { once } from "node:events";
import type { Socket } from "node:net";
import type { ServerAuthentication, TlsInfo, TlsOptions, TlsVersion } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { type Attempt, secureTo } from "../../testing/secure-harness.ts";
import { startTlsServer, type TestTlsServer } from "../../testing/tls-servers.ts";
import { maxSessions } from "./limits.ts";
import { findSession, keepSession } from "./sessions.ts";

let lab: CertificateLab;
let root: Authority;
let server: IssuedCertificate;
beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Test Root" });
  const middle = await root.issueAuthority({ commonName: "Middle" });
  server = await middle.issue({ commonName: "localhost", altNames: ["DNS:localhost", "DNS:other.example"] });
});
afterAll(() => lab.cleanup());

/** A server that says something to everybody. */
function greet({ chain, key }: IssuedCertificate, maxVersion: TlsVersion): Promise<TestTlsServer> {
  return startTlsServer({ cert: chain, key, maxVersion }, (tlsServer) => {
    tlsServer.on("secureConnection", (socket: Socket) => socket.write("x"));
  });
}

/** Connects and reads a byte, so that the server's sessions have come too, if it gives any. */
async function visit(peer: TestTlsServer, options: TlsOptions, attempt?: Attempt): Promise<TlsInfo> {
  const { socket, info } = await secureTo(peer.port, options, attempt);
  await once(socket, "data");
  socket.destroy();
  return info;
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a session of %s", (maxVersion) => {
  const start = (): Promise<TestTlsServer> => greet(server, maxVersion);

  it("is taken up again by the same options, with the certificates of the first time", async () => {
    await using peer = await start();
    const options = { ca: root.certificate };
    const statuses: string[] = [];
    const first = await visit(peer, options);
    const second = await visit(peer, options, { statuses });
    const third = await visit(peer, options);
    expect([first, second, third].map(({ isSessionReused }) => isSessionReused)).toEqual([false, true, true]);
    expect(second).toEqual({
      ...first,
      isSessionReused: true,
      keyExchange: second.keyExchange,
      keyExchangeStrengthBits: second.keyExchangeStrengthBits,
    });
    expect(second.certificates).toHaveLength(3);
    expect(statuses[1]).toMatch(/^agreed on TLSv1\.\d with \w+, going on with an earlier session$/);
  });

  it("is not taken up by other options, for another name, or when it is not wanted", async () => {
    await using peer = await start();
    const options = { ca: root.certificate };
    await visit(peer, options);
    expect(await visit(peer, { ...options })).toMatchObject({ isSessionReused: false });
    const unwanted = { ...options, reuseSession: false };
    await visit(peer, unwanted);
    expect(await visit(peer, unwanted)).toMatchObject({ isSessionReused: false });
    expect(await visit(peer, options, { hostname: "other.example" })).toMatchObject({ isSessionReused: false });
    expect(await visit(peer, options)).toMatchObject({ isSessionReused: true });
  });

  it("is not taken up when a file has changed since", async () => {
    await using peer = await start();
    const file = await lab.write("changing.pem", root.certificate);
    const options = { ca: { file } };
    await visit(peer, options);
    const another = await lab.createAuthority({ commonName: "Another" });
    await lab.write("changing.pem", another.certificate);
    await expect(visit(peer, options)).rejects.toThrow("No trusted authority stands behind the certificate");
    await lab.write("changing.pem", root.certificate + another.certificate);
    expect(await visit(peer, options)).toMatchObject({ isSessionReused: false });
  });

  it("is decided upon like any other", async () => {
    await using peer = await start();
    const seen: ServerAuthentication[] = [];
    let isAccepted = true;
    const options: TlsOptions = { ca: root.certificate, verifyServerCertificate: () => isAccepted };
    const verify = (authentication: ServerAuthentication): boolean => {
      seen.push(authentication);
      return authentication.accept;
    };
    await visit(peer, options, { verify });
    await visit(peer, options, { verify });
    expect(seen.map(({ certificate }) => certificate.subject)).toEqual(["CN=localhost", "CN=localhost"]);
    expect(seen[1]?.chain).toEqual(seen[0]?.chain);
    isAccepted = false;
    await expect(secureTo(peer.port, options)).rejects.toThrow("verifyServerCertificate does not accept it");
    isAccepted = true;
    expect(await visit(peer, options)).toMatchObject({ isSessionReused: false });
  });

  it("keeps what was wrong with the server", async () => {
    const stranger = await lab.createSelfSigned({ commonName: "localhost", altNames: ["DNS:localhost"] });
    await using peer = await greet(stranger, maxVersion);
    const options = { ca: root.certificate, allowUnknownAuthority: true };
    const { problems } = await visit(peer, options);
    expect(problems).toMatchObject([{ code: "unknown-authority", isAllowed: true }]);
    expect(await visit(peer, options)).toMatchObject({ isSessionReused: true, problems });
  });

  it("of a server that was refused is not kept", async () => {
    await using peer = await start();
    const options = { ca: root.certificate };
    await expect(secureTo(peer.port, options, { verify: () => false })).rejects.toThrow("does not accept it");
    await expect(secureTo(peer.port, options, { hostname: "wrong.example" })).rejects.toThrow(
      "and not for wrong.example",
    );
    expect(await visit(peer, options)).toMatchObject({ isSessionReused: false });
  });
});

describe("the sessions of one object of options", () => {
  it("are bounded, and the oldest goes first", () => {
    const options: TlsOptions = {};
    const session = { session: Buffer.alloc(0), certificates: [], opensslError: undefined };
    for (let index = 0; index <= maxSessions; index++) keepSession(options, String(index), session);
    expect(findSession(options, "0")).toBeUndefined();
    keepSession(options, "1", session);
    keepSession(options, "new", session);
    expect(findSession(options, "1")).toBe(session);
    expect(findSession(options, "2")).toBeUndefined();
  });
});
