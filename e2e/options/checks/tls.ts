import assert from "node:assert/strict";
import { createHash, createPrivateKey } from "node:crypto";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { Absent, type CheckContext, type OptionCheck } from "../check.ts";
import { parseClientHello, type ClientHello } from "../client-hello.ts";
import type { Lab } from "../lab.ts";
import type { Recorder } from "../recorder.ts";
import { base64 } from "../specification.ts";
import { fails, reach, serve, works } from "./tls-server.ts";

/** What the client offers with these options; whether it connects does not matter. */
async function offers(context: CheckContext, tls: object): Promise<ClientHello> {
  const server = await serve(context);
  const recorder = await context.record({ to: server.port });
  await reach(context, recorder, tls);
  const [connection] = recorder.connections;
  const [chunk] = connection?.chunks ?? [];
  assert.ok(chunk, "The client never said anything");
  return parseClientHello(chunk.bytes);
}

/** A relaxation: without it the certificate is refused, with it accepted, and a stranger's is refused all the same. */
function relaxation(option: string, name: keyof Lab["certificates"], reason: RegExp): OptionCheck {
  return {
    option: `tls.${option}`,
    run: async (context) => {
      const server = await serve(context, {}, name);
      await works(context, server, { [option]: true });
      await fails(context, server, {}, { reason });
      const other = await serve(context, {}, name === "stranger" ? "expired" : "stranger");
      await fails(context, other, { [option]: true });
    },
  };
}

/** Connects where TLS is the platform's own affair, and makes sure that it tells nothing of it. */
async function absentWhereTlsIsThePlatforms({ runtime, attempt, url }: CheckContext, server: Recorder): Promise<void> {
  if (runtime.tellsOfTls) return;
  const { roundTrips, authentications, connections } = await attempt(url(server), {});
  assert.ok(roundTrips);
  assert.equal(authentications.length, 0);
  assert.equal(connections[0]?.tls, undefined);
  throw new Absent();
}

const trust: readonly OptionCheck[] = [
  {
    option: "tls.ca",
    what: "text, bytes, a file, a directory, PKCS#7",
    run: async (context) => {
      const { lab, attempt, url, file } = context;
      const server = await serve(context);
      if (context.runtime.tellsOfTls) {
        assert.match((await attempt(url(server), {})).error?.message ?? "", /authority/);
      }
      const { certificate, certificateFile, der } = lab.authority;
      const p7b = file("authority.p7b");
      await lab.openssl.openssl("crl2pkcs7", "-nocrl", "-certfile", certificateFile, "-out", p7b);
      const directory = file("authorities");
      await mkdir(directory);
      await copyFile(certificateFile, join(directory, "authority.pem"));
      for (const ca of [certificate, base64(der), { file: certificateFile }, [{ file: p7b }], { directory }]) {
        await works(context, server, { ca });
      }
    },
  },
  {
    option: "tls.systemCa",
    environment: ({ authority }) => ({ SSL_CERT_FILE: authority.certificateFile }),
    run: async (context) => {
      const server = await serve(context);
      const { lab } = context;
      assert.ok((await context.attempt(context.url(server), { tls: { systemCa: true } })).roundTrips);
      await works(context, server, { ca: lab.certificates.stranger.certificate, systemCa: true });
      await fails(context, server, { ca: lab.certificates.stranger.certificate, systemCa: false });
    },
  },
  relaxation("allowExpired", "expired", /expired/),
  { ...relaxation("allowExpired", "future", /not yet valid|not valid (yet|before)/), what: "not valid yet" },
  relaxation("allowUnknownAuthority", "stranger", /authority/),
  relaxation("allowHostnameMismatch", "elsewhere", /127\.0\.0\.1|name/),
  relaxation("allowWrongUsage", "forClients", /server/),
  {
    option: "tls.acceptServerCertificate",
    run: async (context) => {
      const { stranger, expired } = context.lab.certificates;
      const pin = createHash("sha256").update(stranger.der).digest("hex");
      const server = await serve(context, {}, "stranger");
      await fails(context, server, { acceptServerCertificate: expired.certificate });
      await works(context, server, { acceptServerCertificate: pin });
      await works(context, server, { acceptServerCertificate: [expired.certificate, stranger.certificate] });
    },
  },
  {
    option: "tls.verifyServerCertificate",
    run: async (context) => {
      await fails(context, await serve(context), {}, { verifies: false });
      await works(context, await serve(context, {}, "stranger"), {}, { verifies: true });
    },
  },
  {
    option: "tlsServerAuthentication",
    what: "the event, and its `accept`",
    run: async (context) => {
      const [server, stranger] = [await serve(context), await serve(context, {}, "stranger")];
      await absentWhereTlsIsThePlatforms(context, server);
      const seen = await reach(context, server, {}, { listenerAccepts: true });
      assert.deepEqual(seen.authentications, [{ subject: "CN=localhost", problems: [] }]);
      await fails(context, server, {}, { listenerAccepts: false });
      await works(context, stranger, {}, { listenerAccepts: true });
    },
  },
  {
    option: "connection.tls",
    what: "what was agreed on, and the certificates",
    run: async (context) => {
      const server = await serve(context);
      await absentWhereTlsIsThePlatforms(context, server);
      const { connections } = await reach(context, server, {});
      const [tls] = connections.map((connection) => connection.tls);
      const [seen] = server.connections;
      assert.ok(tls && seen?.tls);
      assert.equal(tls.protocol, seen.tls.protocol);
      assert.equal(tls.cipherSuite, seen.tls.cipher);
      const sha256 = createHash("sha256").update(context.lab.certificates.server.der).digest("hex");
      assert.equal(tls.certificates[0]?.fingerprints.sha256.toLowerCase(), sha256);
      assert.equal(tls.certificates[0]?.subject, "CN=localhost");
    },
  },
];

/** A server that lets in only clients with a certificate of the authority. */
async function servesClients(context: CheckContext): Promise<Recorder> {
  return serve(context, { requestCert: true, rejectUnauthorized: true, ca: context.lab.authority.certificate });
}

function shows(
  option: string,
  what: string,
  identity: (context: CheckContext) => Promise<object> | object,
): OptionCheck {
  return {
    option: `tls.${option}`,
    what,
    run: async (context) => {
      const server = await servesClients(context);
      await fails(context, server, {});
      const [connection] = await works(context, server, await identity(context));
      assert.match(connection?.tls?.clientCertificate ?? "", /^a client/);
    },
  };
}

const identity: readonly OptionCheck[] = [
  shows("cert", "with `tls.key`, as text", ({ lab: { certificates } }) => ({
    cert: certificates.client.certificate,
    key: certificates.client.key,
  })),
  shows("key", "as files", ({ lab: { certificates } }) => ({
    key: { file: certificates.client.keyFile },
    cert: { file: certificates.client.certificateFile },
  })),
  shows("keyFormat", "a JWK", async ({ lab: { certificates } }) => {
    const key = createPrivateKey(certificates.client.key).export({ format: "jwk" });
    return { keyFormat: "jwk", key, cert: certificates.client.certificate };
  }),
  shows("passphrase", "of an encrypted key", async ({ lab, file }) => {
    const [from, to] = [lab.certificates.client.keyFile, file("encrypted.pem")];
    await lab.openssl.openssl("pkcs8", "-topk8", "-in", from, "-out", to, "-v2", "aes-256-cbc", "-passout", "pass:p1");
    return { passphrase: "p1", key: { file: to }, cert: lab.certificates.client.certificate };
  }),
  shows("pfx", "PKCS#12 as OpenSSL 3 writes it", (context) => pfx(context, "client", [])),
  shows("pfx", "PKCS#12 with RC2 and 3DES", (context) => pfx(context, "rsaClient", ["-legacy"])),
];

async function pfx({ lab, file }: CheckContext, name: "client" | "rsaClient", flags: string[]): Promise<object> {
  const { certificateFile, keyFile } = lab.certificates[name];
  const path = file(`${name}.p12`);
  const files = ["-in", certificateFile, "-inkey", keyFile, "-out", path];
  await lab.openssl.openssl("pkcs12", "-export", ...flags, ...files, "-passout", "pass:p2");
  return { pfx: { file: path }, passphrase: "p2" };
}

const handshake: readonly OptionCheck[] = [
  {
    option: "tls.minVersion",
    run: async (context) => {
      const server = await serve(context, { maxVersion: "TLSv1.2" });
      await works(context, server, {});
      await fails(context, server, { minVersion: "TLSv1.3" });
    },
  },
  {
    option: "tls.maxVersion",
    run: async (context) => {
      const [connection] = await works(context, await serve(context), { maxVersion: "TLSv1.2" });
      assert.equal(connection?.tls?.protocol, "TLSv1.2");
    },
  },
  {
    option: "tls.cipherSuites",
    run: async (context) => {
      const server = await serve(context);
      await works(context, server, { cipherSuites: ["TLS_AES_128_GCM_SHA256"] });
      const [suite, openssl] = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"];
      await works(context, server, { cipherSuites: [suite], maxVersion: "TLSv1.2" });
      await works(context, server, { cipherSuites: [openssl], maxVersion: "TLSv1.2" });
      assert.deepEqual(
        server.connections.map(({ tls }) => tls?.cipher),
        ["TLS_AES_128_GCM_SHA256", suite, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
      );
    },
  },
  {
    option: "tls.cipherList",
    run: async (context) => {
      const server = await serve(context, { maxVersion: "TLSv1.2" });
      await works(context, server, { cipherList: "ECDHE+AES128:!SHA1:!SHA256" });
      await works(context, server, { cipherList: "ECDHE+CHACHA20" });
      assert.deepEqual(
        server.connections.map(({ tls }) => tls?.cipher),
        ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
      );
    },
  },
  {
    option: "tls.minCipherStrengthBits",
    run: async (context) => {
      const weak = await serve(context, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
      await works(context, weak, {});
      await fails(context, weak, { minCipherStrengthBits: 256 });
    },
  },
  {
    option: "tls.groups",
    run: async (context) => {
      assert.deepEqual((await offers(context, { groups: ["P-384", "X25519"] })).groups, [24, 29]);
    },
  },
  {
    option: "tls.signatureAlgorithms",
    run: async (context) => {
      const signatureAlgorithms = ["ecdsa_secp384r1_sha384", "ecdsa_secp256r1_sha256"];
      assert.deepEqual((await offers(context, { signatureAlgorithms })).signatureAlgorithms, [0x0503, 0x0403]);
    },
  },
  {
    option: "tls.alpnProtocols",
    run: async (context) => {
      const [connection] = await works(context, await serve(context), { alpnProtocols: ["x-amzn-mqtt-ca", "mqtt"] });
      assert.equal(connection?.tls?.alpn, "mqtt");
      assert.deepEqual((await offers(context, { alpnProtocols: ["mqtt"] })).alpnProtocols, ["mqtt"]);
    },
  },
  {
    option: "tls.serverName",
    run: async (context) => {
      const [connection] = await works(context, await serve(context), { serverName: "broker.test" });
      assert.equal(connection?.tls?.serverName, "broker.test");
      await fails(context, await serve(context), { serverName: "other.test" }, { reason: /other\.test/ });
    },
  },
  {
    option: "tls.reuseSession",
    run: async (context) => {
      const reused = async (reuseSession: boolean): Promise<(boolean | undefined)[]> => {
        const server = await serve(context);
        const connections = await works(context, server, { reuseSession }, { times: 2 });
        return connections.map(({ tls }) => tls?.isReused);
      };
      assert.deepEqual(await reused(true), [false, true]);
      assert.deepEqual(await reused(false), [false, false]);
    },
  },
  {
    option: "tls.keyLogFile",
    run: async (context) => {
      const server = await serve(context);
      const recorder = await context.record({ to: server.port });
      const path = context.file("keys.log");
      await works(context, recorder, { keyLogFile: path }, { times: 2 });
      const log = await readFile(path, "latin1");
      for (const { chunks } of recorder.connections) {
        // The random number of the ClientHello is what a reader of the log goes by.
        const random = Buffer.from(chunks[0]?.bytes.subarray(11, 43) ?? []).toString("hex");
        assert.match(log, new RegExp(`^CLIENT_TRAFFIC_SECRET_0 ${random} [0-9a-f]{64,}$`, "m"));
      }
    },
  },
];

/** The records in what one side has sent, as `tlsStatus` tells of them. */
function recordsIn(chunks: readonly { readonly bytes: Uint8Array }[]): string[] {
  const bytes = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  const records: string[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    const type = { 20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data" }[
      bytes.readUInt8(at)
    ];
    const version = { 0x0301: "TLS 1.0", 0x0303: "TLS 1.2" }[bytes.readUInt16BE(at + 1)];
    records.push(`record sent: ${type}, ${version}, ${bytes.readUInt16BE(at + 3)} bytes`);
  }
  return records;
}

const logging: OptionCheck = {
  option: "tls.logRecords",
  run: async (context) => {
    const recorder = await context.record({ to: (await serve(context)).port });
    const { error, tlsStatus } = await reach(context, recorder, { logRecords: true }, { payloadBytes: 50_000 });
    assert.equal(error, undefined);
    const [connection] = recorder.connections;
    await connection?.ended;
    const told = tlsStatus.filter((message) => message.startsWith("record sent: "));
    // What ends the connection may come too late to be told.
    assert.deepEqual(told, recordsIn(connection?.chunks ?? []).slice(0, told.length));
    assert.ok(told.length > 4);
    assert.ok(tlsStatus.some((message) => /^record received: handshake, TLS 1\.2, \d+ bytes$/.test(message)));
  },
};

export const tlsChecks: readonly OptionCheck[] = [...trust, ...identity, ...handshake, logging];
