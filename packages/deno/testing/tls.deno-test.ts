/** TLS and Unix sockets of Deno's own, and what is refused there. Run by Deno; see the README. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type TlsOptions,
  type TransportContext,
} from "@rivulet/engine";
import { viaNode } from "../../node/testing/node-transport.ts";
import { abortable } from "../src/abortable.ts";
import { createTcp, tcp } from "../src/mod.ts";
import { createCertificateLab } from "../../node/testing/certificates.ts";
import { startRemotePeers } from "../../node/testing/remote-peers.ts";
import { startOpensslServer } from "../../node/testing/tls-servers.ts";
import { contextOf, failure, targetOf } from "./openings.ts";

const peers = startRemotePeers();
const lab = await createCertificateLab();
const authority = await lab.createAuthority({ commonName: "The authority" });
const stranger = await lab.createAuthority({ commonName: "Another authority" });
const common = { commonName: "localhost", altNames: ["DNS:localhost", "IP:127.0.0.1"] };
const server = await authority.issue({ ...common, extendedKeyUsage: ["serverAuth"] });
const client = await authority.issue({ commonName: "a client", extendedKeyUsage: ["clientAuth"] });
const ca = authority.certificate;
const trusting = { ca, systemCa: true } as const;
const joined = createTcp(viaNode);

Deno.test.afterAll(async () => {
  await peers[Symbol.asyncDispose]();
  await lab.cleanup();
});

/** A server that wants a certificate of its clients. */
function startServer(key: string = server.keyFile): ReturnType<typeof startOpensslServer> {
  const demands = ["-Verify", "1", "-verify_return_error", "-CAfile", authority.certificateFile];
  return startOpensslServer("-cert", server.chainFile, "-key", key, "-alpn", "mqtt", ...demands);
}

for (const [name, transport, options] of [
  ["Deno's own TLS", tcp, trusting],
  ["node:tls", joined, { ca }],
] as const) {
  Deno.test(`${name} > shows the client's certificate, and agrees on a protocol`, async () => {
    await using peer = await startServer();
    const tls = { ...options, cert: client.certificate, key: client.key, alpnProtocols: ["mqtt"] };
    const reached: (string | undefined)[] = [];
    const report: TransportContext["report"] = (_status, _about, milestone) => reached.push(milestone);
    const context = { ...contextOf(), report };
    const duplex = await transport.open(targetOf(`mqtts://127.0.0.1:${peer.port}`), { tls }, context);
    assert.deepEqual(
      reached.filter((each) => each !== undefined),
      ["tls", "host"],
    );
    assert.equal(duplex.info.transport, "tls");
    assert.equal(duplex.info.remotePort, peer.port);
    assert.equal(typeof duplex.info.localPort, "number");
    await peer.whenPrinted(/subject=CN = a client/);
    await peer.whenPrinted(/ALPN protocols selected: mqtt/);
    duplex.abort();
  });

  Deno.test(`${name} > refuses a server that no known authority stands behind`, async () => {
    await using peer = await startOpensslServer("-cert", server.chainFile, "-key", server.keyFile);
    const tls = { ...options, ca: stranger.certificate };
    const error = await failure(transport, `mqtts://127.0.0.1:${peer.port}`, { tls });
    assert.ok(error instanceof TransportError && error.isTls, String(error));
    assert.match(error.message, /UnknownIssuer|authority/);
  });

  Deno.test(`${name} > refuses a server with another name`, async () => {
    await using peer = await startOpensslServer("-cert", server.chainFile, "-key", server.keyFile);
    const tls = { ...options, serverName: "elsewhere.example" };
    const error = await failure(transport, `mqtts://127.0.0.1:${peer.port}`, { tls });
    assert.ok(error instanceof TransportError && error.isTls, String(error));
    assert.match(error.message, /elsewhere\.example/);
    assert.equal(
      await failure(transport, `mqtts://127.0.0.1:${peer.port}`, { tls: { ...tls, serverName: "localhost" } }),
      undefined,
    );
  });

  Deno.test(`${name} > refuses a server that has the certificate but not its key`, async () => {
    const imposter = join(lab.directory, `imposter-${options === trusting ? 1 : 2}.pem`);
    await Deno.writeTextFile(imposter, withSecretOf(client.key, server.key));
    await using peer = await startOpensslServer("-cert", server.chainFile, "-key", imposter);
    const url = `mqtts://127.0.0.1:${peer.port}`;
    const error = await failure(transport, url, { tls: options });
    assert.ok(error instanceof TransportError && error.isTls, String(error));
    if (transport === tcp) return;
    for (const tls of [{ allowUnknownAuthority: true }, { acceptServerCertificate: server.certificate }]) {
      assert.ok((await failure(transport, url, { tls })) instanceof TransportError);
    }
  });

  Deno.test(`${name} > a signal aborted during the handshake leaves nothing behind`, async () => {
    const silent = await peers.start();
    const { port } = silent.target;
    for (const tls of [options, { ...options, cert: client.certificate, key: client.key }]) {
      const abort = new AbortController();
      const opening = transport.open(targetOf(`mqtts://127.0.0.1:${port}`), { tls }, contextOf(abort.signal));
      opening.catch(() => undefined);
      const connection = await silent.accept();
      const reason = new Error("changed my mind");
      abort.abort(reason);
      await assert.rejects(opening, (error) => error === reason);
      // Deno keeps a connection whose handshake has been given up until the server ends it.
      if (transport === tcp) await connection.end();
      await connection.whenEnded();
    }
    await silent.whenIdle();
    await silent.close();
  });
}

/** A private key with the public half of another: what somebody has who has seen a certificate. */
function withSecretOf(secret: string, shown: string): string {
  const read = (pem: string): Buffer => createPrivateKey(pem).export({ format: "der", type: "sec1" });
  const [genuine, other] = [read(shown), read(secret)];
  // SEC 1: a sequence, the version, then the 32 bytes of the secret.
  const bytes = Buffer.concat([genuine.subarray(0, 7), other.subarray(7, 39), genuine.subarray(39)]);
  return `-----BEGIN EC PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END EC PRIVATE KEY-----\n`;
}

const { certificate: cert, key } = client;

const refused: readonly (readonly [string, TlsOptions])[] = [
  ["tls.ca", { ca }],
  ["tls.ca", { ca: { file: "ca.pem" }, systemCa: true }],
  ["tls.ca", { ca: [ca, new Uint8Array(1)], systemCa: true }],
  ["tls.systemCa", { systemCa: false }],
  ["tls.cert", { cert: { file: "cert.pem" }, key }],
  ["tls.key", { cert, key: new Uint8Array(1) }],
  ["tls.pfx", { pfx: new Uint8Array(1) }],
  ["tls.serverName", { serverName: "" }],
  ["tls.serverName", { serverName: "localhost", cert, key }],
  ["tls.cipherSuites", { cipherSuites: ["TLS_AES_128_GCM_SHA256"] }],
  ["tls.minVersion", { minVersion: "TLSv1.3" }],
  ["tls.allowExpired", { allowExpired: true }],
  ["tls.acceptServerCertificate", { acceptServerCertificate: ca }],
  ["tls.verifyServerCertificate", { verifyServerCertificate: () => true }],
  ["tls.ocspStapling", { ocspStapling: "ifAvailable" }],
];

for (const [option, tls] of refused) {
  Deno.test(`Deno's own TLS > refuses ${option} of ${Object.keys(tls).join()}`, async () => {
    const error = await failure(tcp, "mqtts://127.0.0.1:1", { tls });
    assert.ok(error instanceof UnsupportedError, String(error));
    assert.equal(error.feature, option);
    assert.match(error.message, new RegExp(`^${option} is not supported by this transport in Deno: `));
    // With another URL it is another transport's.
    assert.ok((await failure(tcp, "mqtt://127.0.0.1:1", { tls })) instanceof TransportError);
  });
}

Deno.test("Deno's own TLS > refuses options for sockets that it cannot set", async () => {
  for (const [option, options] of [
    ["socket.noDelay", { socket: { noDelay: false }, tls: { cert, key } }],
    ["socket.keepAlive", { socket: { keepAlive: true } }],
  ] as const) {
    const error = await failure(tcp, "mqtts://127.0.0.1:1", options);
    assert.ok(error instanceof UnsupportedError, String(error));
    assert.equal(error.feature, option);
  }
});

const invalid: readonly (readonly [string, object])[] = [
  ["tls.ca", { ca: "nonsense", systemCa: true }],
  ["tls.cert", { cert }],
  ["tls.key", { key }],
  ["tls.cert", { cert: "s3cret", key }],
  ["tls.key", { cert, key: "s3cret" }],
  ["tls.key", { cert, key: server.key }],
  ["tls.alpnProtocols", { alpnProtocols: [""] }],
  ["tls.serverName", { serverName: 5 }],
];

for (const [option, tls] of invalid) {
  Deno.test(`Deno's own TLS > finds that ${option} is wrong in ${Object.keys(tls).join()}`, async () => {
    const error = await failure(tcp, "mqtts://127.0.0.1:1", { tls });
    assert.ok(error instanceof InvalidOptionError, String(error));
    assert.equal(error.option, option);
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /s3cret|PRIVATE/);
  });
}

Deno.test("Deno's own TLS > says that an authority cannot be read", async () => {
  const peer = await peers.start();
  const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const error = await failure(tcp, `mqtts://127.0.0.1:${peer.target.port}`, { tls: { ca: damaged, systemCa: true } });
  assert.ok(error instanceof TransportError && error.isTls, String(error));
  assert.match(error.message, /BadEncoding/);
  await peer.close();
});

Deno.test("what nobody waits for any more may fail", async () => {
  const reason = new Error("enough");
  // Deno fails a test that leaves a rejection unhandled.
  const waiting = abortable(Promise.reject(new Error("too late")), AbortSignal.abort(reason));
  await assert.rejects(waiting, reason);
});

Deno.test("Deno's own TLS > says that a server does not speak it", async () => {
  const peer = await peers.start();
  const opening = failure(tcp, `mqtts://127.0.0.1:${peer.target.port}`, { tls: { systemCa: true } });
  await (await peer.accept()).sendPattern(1000, 1000);
  const error = await opening;
  assert.ok(error instanceof TransportError && error.isTls, String(error));
  assert.match(error.message, /^Cannot make TLS with 127\.0\.0\.1:\d+: /);
  await peer.close();
});

for (const [name, transport] of [
  ["Deno's own", tcp],
  ["joined", joined],
] as const) {
  Deno.test(`a Unix socket, ${name} > says where it is connected to, and why it is not`, async () => {
    const path = join(lab.directory, `${name.length}.sock`);
    const peer = await peers.start({ path });
    const duplex = await transport.open(peer.target, {}, contextOf());
    assert.deepEqual(duplex.info, { transport: "unix", url: peer.target.address });
    duplex.abort();
    await peer.close();
    const error = await failure(transport, `mqtt+unix://${path}`);
    assert.ok(error instanceof TransportError);
    assert.equal(error.message, `Cannot connect to ${path}: there is no such socket`);
    for (const url of ["mqtt+unix://host/path", "mqtt+unix:///", "mqtt+unix:///%00", "mqtt+unix:///%"]) {
      const wrong = await failure(transport, url);
      assert.ok(wrong instanceof InvalidOptionError, url);
      assert.equal(wrong.option, "url");
    }
    const unsupported = await failure(transport, `mqtt+unix://${path}`, { socket: { keepAlive: true } });
    assert.ok(unsupported instanceof UnsupportedError);
    assert.equal(unsupported.feature, "socket.keepAlive");
  });
}

Deno.test({
  name: "a Unix socket > says which permission it needs",
  permissions: { read: false, write: false },
  fn: async () => {
    const error = await failure(tcp, "mqtt+unix:///run/mqtt.sock");
    assert.ok(error instanceof TransportError);
    assert.match(error.message, /--allow-read=\/run\/mqtt\.sock --allow-write=\/run\/mqtt\.sock$/);
  },
});
