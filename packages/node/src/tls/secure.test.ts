import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { InvalidOptionError, type TlsOptions, TransportError } from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { connectTo, startOpensslServer, startTlsServer, targetOf } from "../../testing/tls-servers.ts";
import { certificateInfo } from "./certificate-info.ts";
import { secure } from "./secure.ts";

let lab: CertificateLab;
let root: Authority;
let intermediate: Authority;
let server: IssuedCertificate;
let rsaServer: IssuedCertificate;
let client: IssuedCertificate;

beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Test Root" });
  intermediate = await root.issueAuthority({ commonName: "Test Intermediate" });
  const names = { commonName: "localhost", altNames: ["DNS:localhost", "DNS:other.example", "IP:127.0.0.1"] };
  server = await intermediate.issue({ ...names, extendedKeyUsage: ["serverAuth"] });
  rsaServer = await root.issue({ ...names, key: "RSA" });
  client = await root.issue({ commonName: "client", extendedKeyUsage: ["clientAuth"] });
});
afterAll(() => lab.cleanup());

const own = (): { cert: string; key: string } => ({ cert: server.chain, key: server.key });

describe("secure", () => {
  it.each(["handshake", "agreed", "certificate"])("may be aborted by a listener of the status: %s", async (status) => {
    await using peer = await startTlsServer(own());
    const controller = new AbortController();
    const reason = new Error("enough");
    const socket = await connectTo(peer.port);
    const context = {
      signal: controller.signal,
      report: (told: string) => {
        if (told.startsWith(status)) controller.abort(reason);
      },
      verify: ({ accept }: { accept: boolean }) => accept,
    };
    await expect(secure(socket, targetOf(peer.port), { ca: root.certificate }, context)).rejects.toBe(reason);
    expect(socket.destroyed).toBe(true);
  });

  it("tells what has been agreed on", async () => {
    await using peer = await startTlsServer({ ...own(), ALPNProtocols: ["mqtt"] });
    const statuses: string[] = [];
    // By default, newer platforms agree on a group that not all of them can name.
    const options: TlsOptions = { ca: root.certificate, alpnProtocols: ["mqtt"], groups: ["X25519"] };
    const { socket, info } = await secureTo(peer.port, options, { statuses });
    expect(info).toEqual({
      protocol: "TLSv1.3",
      cipherSuite: "TLS_AES_256_GCM_SHA384",
      cipher: "AES-256-GCM",
      cipherStrengthBits: 256,
      keyExchange: "X25519",
      keyExchangeStrengthBits: 253,
      alpnProtocol: "mqtt",
      serverName: "localhost",
      isSessionReused: false,
      certificates: [server, intermediate, root].map(({ der }) => certificateInfo(der)),
      problems: [],
    });
    expect(statuses).toEqual([
      `handshake with localhost:${peer.port}`,
      "agreed on TLSv1.3 with TLS_AES_256_GCM_SHA384",
      "certificate of CN=localhost accepted",
    ]);
    const there = await peer.accept();
    expect(there.servername).toBe("localhost");
    socket.write("hello");
    there.write("hi");
    expect(String((await once(socket, "data"))[0])).toBe("hi");
    while (peer.received() !== "hello") await once(there, "data");
    socket.destroy();
  });

  it("finds the whole chain when the server shows only its own certificate", async () => {
    await using peer = await startTlsServer({ cert: rsaServer.certificate, key: rsaServer.key });
    const { socket, info } = await secureTo(peer.port, { ca: root.certificate });
    expect(info.certificates.map(({ subject }) => subject)).toEqual(["CN=localhost", "CN=Test Root"]);
    socket.destroy();
  });

  it.each<[string, TlsOptions, object]>([
    ["TLS 1.2", { maxVersion: "TLSv1.2" }, { protocol: "TLSv1.2", keyExchange: "X25519", cipherStrengthBits: 128 }],
    ["TLS 1.3 only", { minVersion: "TLSv1.3" }, { protocol: "TLSv1.3" }],
    [
      "a suite of TLS 1.3",
      { cipherSuites: ["TLS_CHACHA20_POLY1305_SHA256"] },
      { cipherSuite: "TLS_CHACHA20_POLY1305_SHA256", cipher: "CHACHA20-POLY1305", cipherStrengthBits: 256 },
    ],
    [
      "a suite of TLS 1.2 by its IANA name",
      { cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"] },
      { protocol: "TLSv1.2", cipherSuite: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", cipher: "AES-256-CBC" },
    ],
    [
      "a suite of TLS 1.2 by its OpenSSL name",
      { cipherSuites: ["ecdhe-rsa-aes128-sha"] },
      { protocol: "TLSv1.2", cipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", cipherStrengthBits: 128 },
    ],
    [
      "suites of both, in one list",
      { cipherSuites: ["TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"] },
      { protocol: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256" },
    ],
    [
      "the server's key for the exchange",
      { cipherSuites: ["TLS_RSA_WITH_AES_256_GCM_SHA384"] },
      { keyExchange: "RSA", keyExchangeStrengthBits: 2048, cipher: "AES-256-GCM" },
    ],
    ["no cipher below 256 bits", { minCipherStrengthBits: 256, maxVersion: "TLSv1.2" }, { cipherStrengthBits: 256 }],
    ["a group", { groups: ["secp384r1"] }, { keyExchange: "P-384", keyExchangeStrengthBits: 384 }],
    ["a group under its other name", { groups: ["prime256v1"] }, { keyExchange: "P-256" }],
    ["a signature algorithm", { signatureAlgorithms: ["rsa_pss_rsae_sha512", "RSA+SHA256"] }, { protocol: "TLSv1.3" }],
  ])("does %s", async (_name, options, expected) => {
    await using peer = await startTlsServer({ cert: rsaServer.chain, key: rsaServer.key });
    const { socket, info } = await secureTo(peer.port, { ca: root.certificate, ...options });
    expect(info).toMatchObject(expected);
    socket.destroy();
  });

  it("tells of a key exchange without curves", async () => {
    await using peer = await startTlsServer({ cert: rsaServer.chain, key: rsaServer.key, dhparam: "auto" });
    const cipherSuites = ["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"];
    const { socket, info } = await secureTo(peer.port, { ca: root.certificate, cipherSuites });
    expect(info).toMatchObject({ keyExchange: "DH", keyExchangeStrengthBits: 2048, cipher: "AES-128-GCM" });
    socket.destroy();
  });

  it("fails on a socket that is closed already, and leaves none open for a wrong option", async () => {
    await using peer = await startTlsServer(own());
    const context = { signal: new AbortController().signal, report: () => undefined, verify: () => true };
    const closed = await connectTo(peer.port);
    closed.destroy();
    await expect(secure(closed, targetOf(peer.port), {}, context)).rejects.toThrow(
      `Cannot make TLS with localhost:${peer.port}: the server has closed the connection`,
    );
    const wrong = await connectTo(peer.port);
    await expect(secure(wrong, targetOf(peer.port), { groups: ["P-1"] }, context)).rejects.toThrow("tls.groups");
    expect(wrong.destroyed).toBe(true);
  });

  it.each(["TLSv1", "TLSv1.1"] as const)("speaks %s when it is asked to", async (version) => {
    const flag = version === "TLSv1" ? "-tls1" : "-tls1_1";
    const key = ["-cert", rsaServer.certificateFile, "-key", rsaServer.keyFile];
    await using peer = await startOpensslServer(flag, "-cipher", "DEFAULT:@SECLEVEL=0", ...key);
    const { socket, info } = await secureTo(peer.port, { ca: root.certificate, minVersion: version });
    expect(info.protocol).toBe(version);
    socket.destroy();
    await expect(secureTo(peer.port, { ca: root.certificate })).rejects.toThrow(
      `Cannot make TLS with localhost:${peer.port}: the server speaks no version of TLS that is allowed here (tls.minVersion, tls.maxVersion)`,
    );
  });

  it("presents a client's certificate", async () => {
    await using peer = await startTlsServer({ ...own(), ca: root.certificate, requestCert: true });
    const options = { ca: root.certificate, cert: client.certificate, key: client.key };
    const { socket } = await secureTo(peer.port, options);
    const there = await peer.accept();
    expect(there.getPeerCertificate().subject.CN).toBe("client");
    socket.destroy();
  });

  it("refuses a client's certificate that OpenSSL does, naming the option", async () => {
    await using peer = await startTlsServer(own());
    const weak = await root.issue({ commonName: "weak", digest: "sha1" });
    const attempt = secureTo(peer.port, { ca: root.certificate, cert: weak.certificate, key: weak.key });
    await expect(attempt).rejects.toMatchObject({ name: "InvalidOptionError", option: "tls.cert" });
    await expect(attempt).rejects.toThrow(
      /^The certificate of tls\.cert or tls\.pfx cannot be used for TLS: OpenSSL says "/,
    );
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("sends no byte before it has decided, with %s", async (version) => {
    await using peer = await startTlsServer({ ...own(), maxVersion: version });
    let decide: (isAccepted: boolean) => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      const verifyServerCertificate = (): Promise<boolean> => {
        resolve();
        return new Promise((answer) => (decide = answer));
      };
      void secureTo(peer.port, { ca: root.certificate, verifyServerCertificate }).then(({ socket }) => {
        socket.end("hello");
      });
    });
    await asked;
    const there = await peer.accept();
    there.write("early");
    // What it would have sent is on its way as long as this answer is.
    await new Promise((resolve) => setImmediate(resolve));
    expect(peer.received()).toBe("");
    decide(true);
    await once(there, "end");
    expect(peer.received()).toBe("hello");
  });

  it("leaves what the server sends early to its next owner, and reads no more than fits", async () => {
    await using peer = await startTlsServer(own(), (tlsServer) => {
      tlsServer.on("secureConnection", (socket: { write(bytes: Uint8Array): void }) => {
        socket.write(new Uint8Array(4_000_000));
      });
    });
    const { socket } = await secureTo(peer.port, { ca: root.certificate });
    expect(socket.readableFlowing).not.toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.readableLength).toBeLessThan(200_000);
    let length = 0;
    for await (const chunk of socket as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      if (length === 4_000_000) break;
    }
    expect(length).toBe(4_000_000);
  });

  it("makes TLS over TLS, as through a proxy", async () => {
    await using inner = await startTlsServer(own());
    await using relay = await startTlsServer(own(), (tlsServer) => {
      tlsServer.on("secureConnection", (outer: Socket) => {
        outer.pause();
        void connectTo(inner.port).then((socket) => {
          socket.on("error", () => undefined);
          outer.pipe(socket).pipe(outer);
        });
      });
    });
    const options = { ca: root.certificate };
    const first = await secureTo(relay.port, options);
    const context = {
      signal: new AbortController().signal,
      report: () => undefined,
      verify: ({ accept }: { accept: boolean }) => accept,
    };
    const second = await secure(first.socket, targetOf(inner.port), options, context);
    second.socket.write("through both");
    const there = await inner.accept();
    while (inner.received() !== "through both") await once(there, "data");
    second.socket.destroy();
    await once(first.socket, "close");
  });
});

describe("serverName", () => {
  it.each<[string, TlsOptions, string, string | false, string | undefined]>([
    ["the URL's host", {}, "localhost", "localhost", "localhost"],
    ["another name", { serverName: "other.example" }, "localhost", "other.example", "other.example"],
    ["no name for an address", {}, "127.0.0.1", false, undefined],
    ["no name when it is empty", { serverName: "" }, "localhost", false, undefined],
    ["an address to be checked, but not told", { serverName: "127.0.0.1" }, "localhost", false, undefined],
  ])("tells %s", async (_name, options, hostname, told, shown) => {
    await using peer = await startTlsServer(own());
    const { socket, info } = await secureTo(peer.port, { ca: root.certificate, ...options }, { hostname });
    expect(info.serverName).toBe(shown);
    const there = await peer.accept();
    expect(there.servername).toBe(told);
    socket.destroy();
  });

  it("must be in the certificate, also when it is not told", async () => {
    await using peer = await startTlsServer(own());
    for (const [options, hostname, name] of [
      [{}, "wrong.example", "wrong.example"],
      [{ serverName: "" }, "wrong.example", "wrong.example"],
      [{ serverName: "wrong.example" }, "localhost", "wrong.example"],
    ] as const) {
      await expect(secureTo(peer.port, { ca: root.certificate, ...options }, { hostname })).rejects.toThrow(
        `The certificate of ${hostname}:${peer.port} is refused: The certificate is for DNS:localhost, DNS:other.example, and not for ${name}`,
      );
    }
    await expect(secureTo(peer.port, { ca: root.certificate }, { hostname: "::1" })).rejects.toThrow(
      `The certificate of [::1]:${peer.port} is refused: The certificate is for IP Address:127.0.0.1, and not for ::1`,
    );
  });
});

describe("alpnProtocols", () => {
  it("may be of no interest to the server", async () => {
    await using peer = await startTlsServer(own());
    const options = { ca: root.certificate, alpnProtocols: ["x-amzn-mqtt-ca"] };
    const { socket, info } = await secureTo(peer.port, options);
    expect(info.alpnProtocol).toBeUndefined();
    socket.destroy();
  });

  it("fail when the server wants another one", async () => {
    await using peer = await startTlsServer({ ...own(), ALPNProtocols: ["h2"] });
    await expect(secureTo(peer.port, { ca: root.certificate, alpnProtocols: ["mqtt"] })).rejects.toThrow(
      `Cannot make TLS with localhost:${peer.port}: the server speaks none of tls.alpnProtocols`,
    );
  });
});

describe("keyLogFile", () => {
  it("gets the secrets of each connection, for its owner alone", async () => {
    const keyLogFile = join(lab.directory, "keys.log");
    await using peer = await startTlsServer(own());
    for (let connection = 1; connection <= 2; connection++) {
      const { socket } = await secureTo(peer.port, { ca: root.certificate, keyLogFile });
      const lines = (await readFile(keyLogFile, "utf8")).trimEnd().split("\n");
      expect(lines).toHaveLength(5 * connection);
      for (const line of lines) expect(line).toMatch(/^(?:CLIENT|SERVER|EXPORTER)_[A-Z_0]+ [\da-f]{64} [\da-f]{96}$/);
      socket.destroy();
    }
    expect((await stat(keyLogFile)).mode & 0o777).toBe(0o600);
  });

  it("must be writable", async () => {
    await using peer = await startTlsServer(own());
    const keyLogFile = join(lab.directory, "nowhere", "keys.log");
    const attempt = secureTo(peer.port, { ca: root.certificate, keyLogFile });
    await expect(attempt).rejects.toThrow("The file of tls.keyLogFile cannot be written: ENOENT");
    await expect(attempt).rejects.toMatchObject({ option: "tls.keyLogFile" });
    await expect(attempt).rejects.toBeInstanceOf(InvalidOptionError);
  });
});

describe("renegotiation", () => {
  it("is not done when the server asks for it", async () => {
    const key = ["-cert", server.certificateFile, "-key", server.keyFile, "-cert_chain", server.chainFile];
    await using peer = await startOpensslServer("-tls1_2", ...key);
    const { socket } = await secureTo(peer.port, { ca: root.certificate });
    socket.resume();
    socket.write("before\n");
    await peer.whenPrinted(/^before$/m);
    peer.type("R\n");
    await peer.whenPrinted(/no renegotiation/);
    socket.destroy();
  });
});

describe("a failure", () => {
  it("is a TransportError of TLS", async () => {
    await using peer = await startTlsServer(own());
    const attempt = secureTo(peer.port, { systemCa: false });
    await expect(attempt).rejects.toBeInstanceOf(TransportError);
    await expect(attempt).rejects.toMatchObject({ isTls: true });
  });
});
