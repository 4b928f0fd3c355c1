import { once } from "node:events";
import type { Socket } from "node:net";
import { type TlsOptions, TransportError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { startOpensslServer, startPlainServer, startTlsServer } from "../../testing/tls-servers.ts";
import { describeTlsFailure } from "./tls-errors.ts";

let lab: CertificateLab;
let root: Authority;
let server: IssuedCertificate;
let stranger: IssuedCertificate;
beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Test Root" });
  server = await root.issue({ commonName: "localhost", altNames: ["DNS:localhost"] });
  stranger = await lab.createSelfSigned({ commonName: "stranger" });
});
afterAll(() => lab.cleanup());

/** A handshake that fails, and what the user sees. */
async function failure(port: number, options: TlsOptions = {}): Promise<string> {
  const error: unknown = await secureTo(port, { ca: root.certificate, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  expect(error).toMatchObject({ isTls: true });
  const { message } = error as TransportError;
  const start = `Cannot make TLS with localhost:${port}: `;
  expect(message.startsWith(start), message).toBe(true);
  return message.slice(start.length);
}

/** The first error of a connection whose handshake went well. */
async function failureAfterwards(port: number, options: TlsOptions): Promise<string | undefined> {
  const { socket } = await secureTo(port, { ca: root.certificate, ...options });
  const failed = once(socket, "error");
  socket.write("CONNECT");
  socket.resume();
  const [error] = (await failed) as [unknown];
  return describeTlsFailure(error);
}

const wantsCertificate = "the server wants a client certificate (tls.cert)";
const otherVersion = "the server speaks no version of TLS that is allowed here (tls.minVersion, tls.maxVersion)";
const nothingShared =
  "the server shares no cipher suite, group or signature algorithm with us, or wants a client certificate (tls.cert)";

describe("a handshake", () => {
  it("fails when no version is shared", async () => {
    await using old = await startTlsServer({ cert: server.chain, key: server.key, maxVersion: "TLSv1.2" });
    expect(await failure(old.port, { minVersion: "TLSv1.3" })).toBe(otherVersion);
    await using modern = await startTlsServer({ cert: server.chain, key: server.key, minVersion: "TLSv1.3" });
    expect(await failure(modern.port, { maxVersion: "TLSv1.2" })).toBe(otherVersion);
  });

  it("fails when no cipher suite, group or signature algorithm is shared", async () => {
    const ciphers = "TLS_AES_128_GCM_SHA256";
    await using peer = await startTlsServer({ cert: server.chain, key: server.key, ciphers, ecdhCurve: "P-256" });
    expect(await failure(peer.port, { cipherSuites: ["TLS_AES_256_GCM_SHA384"] })).toBe(nothingShared);
    expect(await failure(peer.port, { groups: ["P-521"] })).toBe(nothingShared);
    expect(await failure(peer.port, { signatureAlgorithms: ["ed25519"] })).toBe(nothingShared);
  });

  it("fails when the server wants a client certificate: at once with TLS 1.2, afterwards with TLS 1.3", async () => {
    const settings = { cert: server.chain, key: server.key, ca: root.certificate, requestCert: true };
    await using peer = await startTlsServer({ ...settings, rejectUnauthorized: true });
    expect(await failure(peer.port, { maxVersion: "TLSv1.2" })).toBe(nothingShared);
    expect(await failureAfterwards(peer.port, {})).toBe(wantsCertificate);
    // With a decision that takes its time, the alert is there before it.
    const verifyServerCertificate = (): Promise<boolean> => new Promise(() => undefined);
    expect(await failure(peer.port, { verifyServerCertificate })).toBe(wantsCertificate);
  });

  it("fails when the server does not accept the client's certificate", async () => {
    const key = ["-cert", server.certificateFile, "-key", server.keyFile, "-CAfile", root.certificateFile];
    await using peer = await startOpensslServer("-Verify", "1", "-verify_return_error", ...key);
    const unknown = { cert: stranger.certificate, key: stranger.key };
    const notKnown = "the server does not know the authority behind our certificate (tls.cert)";
    expect(await failure(peer.port, { ...unknown, maxVersion: "TLSv1.2" })).toBe(notKnown);
    expect(await failureAfterwards(peer.port, unknown)).toBe(notKnown);
    const old = await root.issue({
      commonName: "old",
      notBefore: new Date("2020-01-01"),
      notAfter: new Date("2021-01-01"),
    });
    const expired = { cert: old.certificate, key: old.key };
    const hasExpired = "our certificate (tls.cert) has expired, says the server";
    expect(await failure(peer.port, { ...expired, maxVersion: "TLSv1.2" })).toBe(hasExpired);
    expect(await failureAfterwards(peer.port, expired)).toBe(hasExpired);
  });

  it("fails when the server does not know the name", async () => {
    const key = ["-cert", server.certificateFile, "-key", server.keyFile];
    const named = ["-servername", "other.example", "-cert2", server.certificateFile, "-key2", server.keyFile];
    await using peer = await startOpensslServer(...key, ...named, "-servername_fatal");
    expect(await failure(peer.port)).toBe("the server does not know the name that it was told (tls.serverName)");
  });

  it.each<[string, (socket: Socket) => void]>([
    ["HTTP", (socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))],
    ["a greeting", (socket) => socket.write("220 mail.example ESMTP\r\n")],
  ])("fails when the server does not speak TLS but %s", async (_name, serve) => {
    await using peer = await startPlainServer(serve);
    expect(await failure(peer.port)).toBe("the server does not speak TLS there");
  });

  const hungUp = "the server closed the connection during the handshake, as one does that does not speak TLS";
  it.each<[string, (socket: Socket) => void]>([
    ["at once", (socket) => socket.end()],
    ["with a CONNACK", (socket) => socket.once("data", () => socket.end(Buffer.from("20020001", "hex")))],
    ["after our first message", (socket) => socket.once("data", () => socket.end())],
    ["with a reset", (socket) => socket.once("data", () => socket.resetAndDestroy())],
    [
      "within its own first message",
      (socket) => socket.once("data", () => socket.end(Buffer.from("160303007a02000076", "hex"))),
    ],
  ])("fails when the server hangs up %s", async (_name, serve) => {
    await using peer = await startPlainServer(serve);
    expect(await failure(peer.port)).toBe(hungUp);
  });

  it("that hangs is ended by the signal, with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("too late");
    const closed = new Promise<void>((resolve) => {
      void startPlainServer((socket) => {
        socket.on("close", () => {
          resolve();
        });
        socket.once("data", () => {
          controller.abort(reason);
        });
      }).then(async (peer) => {
        await expect(secureTo(peer.port, {}, { signal: controller.signal })).rejects.toBe(reason);
        await closed;
        await peer[Symbol.asyncDispose]();
      });
    });
    await closed;
  });

  it("is not begun when the signal is aborted already", async () => {
    await using peer = await startPlainServer(() => undefined);
    const reason = new Error("never mind");
    const attempt = secureTo(peer.port, {}, { signal: AbortSignal.abort(reason) });
    await expect(attempt).rejects.toBe(reason);
    expect(peer.received()).toBe("");
  });
});

describe("an alert", () => {
  it.each([
    [
      "ERR_SSL_X",
      "80:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert:rec_layer_s3.c:1601:SSL alert number 116\n",
    ],
    ["ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED", "error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT"],
  ])("is known by its number: %s", (code, message) => {
    expect(describeTlsFailure(Object.assign(new Error(message), { code }))).toBe(wantsCertificate);
  });

  it("that is not known is told as OpenSSL tells it", () => {
    const cause = Object.assign(new Error("SSL alert number 255"), { code: "ERR_SSL_X", reason: "odd alert" });
    expect(describeTlsFailure(cause)).toBe('OpenSSL says "odd alert"');
    expect(describeTlsFailure(Object.assign(new Error("?"), { code: "ERR_SSL_ODD" }))).toBe("ERR_SSL_ODD");
    for (const other of [new Error("x"), Object.assign(new Error("x"), { code: "ECONNRESET" }), "x"]) {
      expect(describeTlsFailure(other)).toBeUndefined();
    }
  });
});

describe("a secret", () => {
  it("is in no error", async () => {
    const passphrase = "correct horse battery";
    const encrypted = await lab.openssl(
      ...["pkcs8", "-topk8", "-in", server.keyFile, "-v2", "aes-256-cbc", "-passout", `pass:${passphrase}`],
    );
    const body = server.key.split("\n")[1] ?? "";
    await using peer = await startTlsServer({ cert: server.chain, key: server.key });
    for (const options of [
      { cert: server.certificate, key: encrypted, passphrase: `${passphrase}!` },
      { cert: server.certificate, key: server.key.replace("MIG", "MIH"), passphrase },
      { cert: stranger.certificate, key: server.key },
      { cert: server.key, key: server.key },
      { ca: server.key },
      { acceptServerCertificate: server.key },
      { passphrase },
      { key: [server.key] },
      { passphrase: [passphrase] },
      { pfx: server.key, passphrase },
    ]) {
      const error: unknown = await secureTo(peer.port, options as TlsOptions).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
      for (let part: unknown = error; part instanceof Error; part = part.cause) {
        const shown = `${part.message} ${JSON.stringify(part)} ${part.stack ?? ""}`;
        expect(shown).not.toContain(passphrase);
        expect(shown).not.toContain(body);
      }
    }
  });
});
