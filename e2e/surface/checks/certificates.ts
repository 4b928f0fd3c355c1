import type { MQTT } from "@rivulet/component";

import { equal, events, ok, textOf, throwsCode, type Stage, type SurfaceCheck } from "../check.ts";
import type { CertificateName, LabCertificate, LabCertificates, Peer, PeerTls } from "../lab-calls.ts";
import { certificateFacts, type CertificateFact } from "./certificate-facts.ts";

/** Whose properties begin with the same letters. */
type Prefix = "sslCert" | "sslAcceptServerCert" | "sslServerCert";

/** Where a certificate is to be found. */
interface Choice {
  readonly store: string | Uint8Array;
  readonly storeType: string;
  readonly password?: string;
}

const rowPrefixes = {
  sslCert: "ssl_cert",
  sslAcceptServerCert: "ssl_accept_server_cert",
  sslServerCert: "ssl_server_cert",
} as const;

function rowsOf(prefix: Prefix, ...names: readonly string[]): string[] {
  return names.map((name) => `property ${rowPrefixes[prefix]}_${name}`);
}

/** Names the store, and what is wanted of it. */
function choose(
  stage: Stage,
  mqtt: MQTT,
  prefix: "sslCert" | "sslAcceptServerCert",
  choice: Choice,
  subject = "*",
): void {
  const types: Readonly<Record<string, number>> = stage.component.CertStoreTypes;
  Object.assign(mqtt, {
    [`${prefix}Store`]: choice.store,
    [`${prefix}StoreType`]: types[choice.storeType],
    [`${prefix}StorePassword`]: choice.password ?? "",
    [`${prefix}Subject`]: subject,
  });
}

async function openPeer(stage: Stage, tls: PeerTls): Promise<Peer> {
  return stage.lab.openPeer({ answers: true, transport: "tcp", tls });
}

async function connect(mqtt: MQTT, { host, port }: Peer): Promise<void> {
  mqtt.sslEnabled = true;
  await mqtt.connectTo(host, port);
}

/** Connects to a server that asks who the client is, and returns what it got. */
async function shownTo(stage: Stage, mqtt: MQTT, asks: true | "required"): Promise<Uint8Array | undefined> {
  const peer = await openPeer(stage, { asksForCertificate: asks });
  mqtt.config(`SSLServerCACerts=${(await stage.lab.certificates()).authority}`);
  await connect(mqtt, peer);
  return (await peer.agreed()).clientCertificate;
}

async function certificate(stage: Stage, name: CertificateName): Promise<LabCertificate> {
  return (await stage.lab.certificates())[name];
}

function fieldOf(mqtt: MQTT, prefix: Prefix, fact: CertificateFact): unknown {
  return (mqtt as object as Record<string, unknown>)[`${prefix}${fact.property}`];
}

/** What the properties tell of the certificate that a server gets. */
const clientFacts = certificateFacts.map((fact): SurfaceCheck => ({
  rows: rowsOf("sslCert", fact.row),
  title: `sslCert${fact.property} tells of the certificate that a server gets`,
  async run(stage) {
    const mqtt = stage.mqtt();
    const { client } = await stage.lab.certificates();
    choose(stage, mqtt, "sslCert", { store: client.pfxFile, storeType: "cstPFXFile", password: client.password });
    equal(await shownTo(stage, mqtt, "required"), client.der, "The certificate");
    fact.check(fieldOf(mqtt, "sslCert", fact), client, { ...clientAbout, privateKey: client.key });
  },
}));

const clientAbout = {
  issuer: "CN=The authority of the checks",
  altNames: "a-client, client@example.com",
  extendedKeyUsage: "1.3.6.1.5.5.7.3.2",
  usage: "Digital Signature, Non-Repudiation",
  usageFlags: 0xc0,
  algorithm: "EC",
  bits: 256,
};

const clientForms: readonly [string, (of: LabCertificate) => Choice][] = [
  ["a PKCS#12 file", ({ pfxFile, password }) => ({ store: pfxFile, storeType: "cstPFXFile", password })],
  ["PKCS#12 in bytes", ({ pfx, password }) => ({ store: pfx, storeType: "cstPFXBlob", password })],
  [
    "a PEM file with a password",
    ({ encryptedFile: store, password }) => ({ store, storeType: "cstPEMKeyFile", password }),
  ],
  ["PEM in a string", ({ chain, key }) => ({ store: chain + key, storeType: "cstPEMKeyBlob" })],
  ["a file of any kind", ({ pfxFile, password }) => ({ store: pfxFile, storeType: "cstAuto", password })],
  ["bytes of any kind", ({ pfx, password }) => ({ store: pfx, storeType: "cstAuto", password })],
];

const clientStores = clientForms.map(([form, choiceOf]): SurfaceCheck => ({
  rows: rowsOf("sslCert", "store", "store_type", "store_password", "subject", "private_key_available"),
  title: `A server that asks gets the client certificate of ${form}, with proof of its private key`,
  async run(stage) {
    const mqtt = stage.mqtt();
    const { rsaClient } = await stage.lab.certificates();
    choose(stage, mqtt, "sslCert", choiceOf(rsaClient));
    equal(mqtt.sslCertSubject, `CN=${rsaClient.commonName}`, "The subject");
    equal(mqtt.sslCertPrivateKeyAvailable, true, "Whether there is a private key");
    equal(await shownTo(stage, mqtt, "required"), rsaClient.der, "The certificate");
  },
}));

/** Two certificates with their keys, of which the subject tells one. */
async function twoClients({ lab }: Stage): Promise<{ readonly choice: Choice; readonly all: LabCertificates }> {
  const all = await lab.certificates();
  const { client, rsaClient } = all;
  const text = [client, rsaClient].map(({ certificate: pem, key }) => pem + key).join("");
  return { choice: { store: await lab.writeFile("two.pem", text), storeType: "cstPEMKeyFile" }, all };
}

const clientSubjects = (
  [
    ["in full", "CN=a client", "client"],
    ["in full, in other letters", "cn = A Client", "client"],
    ["in part", "with RSA", "rsaClient"],
  ] as const
).map(([how, wanted, name]): SurfaceCheck => ({
  rows: rowsOf("sslCert", "subject"),
  title: `A server gets the one of two certificates whose subject is given ${how}`,
  async run(stage) {
    const mqtt = stage.mqtt();
    const { choice, all } = await twoClients(stage);
    choose(stage, mqtt, "sslCert", choice, wanted);
    equal(mqtt.sslCertSubject, `CN=${all[name].commonName}`, "The subject");
    equal(await shownTo(stage, mqtt, true), all[name].der, "The certificate");
  },
}));

const clientOthers: readonly SurfaceCheck[] = [
  {
    rows: rowsOf("sslCert", "subject"),
    title: "A server gets no certificate when the store has none of the subject, which reads back empty",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { choice } = await twoClients(stage);
      choose(stage, mqtt, "sslCert", choice, "*");
      mqtt.sslCertSubject = "CN=somebody else";
      equal(mqtt.sslCertSubject, "", "The subject");
      equal(await shownTo(stage, mqtt, true), undefined, "The certificate");
    },
  },
  {
    rows: [...rowsOf("sslCert", "encoded", "subject"), ...rowsOf("sslCert", "store", "store_type")],
    title: "A server gets the certificate that is set in bytes, whose key is found in the store",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { client } = await stage.lab.certificates();
      choose(stage, mqtt, "sslCert", { store: client.keyFile, storeType: "cstPEMKeyFile" }, "");
      mqtt.sslCertEncoded = client.der;
      equal(mqtt.sslCertSubject, "CN=a client", "The subject");
      equal(textOf(mqtt.sslCertEncoded), client.certificate, "What reads back");
      equal(await shownTo(stage, mqtt, "required"), client.der, "The certificate");
    },
  },
  {
    rows: rowsOf("sslCert", "encoded", "private_key"),
    title: "A server gets the certificate that is set in PEM together with its key",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { client } = await stage.lab.certificates();
      mqtt.sslCertEncoded = client.certificate + client.key;
      equal(mqtt.sslCertPrivateKey, client.key, "The private key");
      equal(await shownTo(stage, mqtt, "required"), client.der, "The certificate");
    },
  },
  {
    rows: [...rowsOf("sslCert", "store_password", "subject"), "error SSL/271"],
    title: "A store that the password does not open is an error when the subject is set",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { pfxFile: store, password } = await certificate(stage, "client");
      choose(stage, mqtt, "sslCert", { store, storeType: "cstPFXFile", password: `${password}?` }, "");
      const error = await throwsCode(271, "SSL", () => (mqtt.sslCertSubject = "*"));
      ok(!error.message.includes(password), "The message has the password in it");
      mqtt.sslCertStorePassword = password;
      mqtt.sslCertSubject = "*";
      equal(mqtt.sslCertSubject, "CN=a client", "The subject");
    },
  },
  {
    rows: [...rowsOf("sslCert", "encoded"), "error SSL/272"],
    title: "Bytes that hold no certificate are an error when they are set as one",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { key } = await certificate(stage, "client");
      await throwsCode(272, "SSL", () => (mqtt.sslCertEncoded = key));
      equal(mqtt.sslCertSubject, "", "The subject");
    },
  },
];

const strangerAbout = {
  issuer: "CN=Another authority",
  altNames: "localhost, broker.test, 127.0.0.1, ::1",
  extendedKeyUsage: "1.3.6.1.5.5.7.3.1",
  usage: "Digital Signature, Key Agreement",
  usageFlags: 0x88,
  algorithm: "EC",
  bits: 256,
};

/** What the properties tell of the certificate by which a server is accepted. */
const acceptedFacts = certificateFacts.map((fact): SurfaceCheck => ({
  rows: rowsOf("sslAcceptServerCert", fact.row),
  title: `sslAcceptServerCert${fact.property} tells of the certificate by which a server is accepted`,
  async run(stage) {
    const mqtt = stage.mqtt();
    const { stranger } = await stage.lab.certificates();
    choose(stage, mqtt, "sslAcceptServerCert", { store: stranger.combinedFile, storeType: "cstPEMKeyFile" });
    await connect(mqtt, await openPeer(stage, { certificate: "stranger" }));
    fact.check(fieldOf(mqtt, "sslAcceptServerCert", fact), stranger, { ...strangerAbout, privateKey: stranger.key });
  },
}));

const acceptedForms: readonly [string, (of: LabCertificate) => Choice][] = [
  ["a PEM file", ({ certificateFile }) => ({ store: certificateFile, storeType: "cstPublicKeyFile" })],
  ["DER", ({ der }) => ({ store: der, storeType: "cstPublicKeyBlob" })],
  ["a PKCS#7 file", ({ p7bFile }) => ({ store: p7bFile, storeType: "cstP7BFile" })],
  [
    "a PKCS#12 file with a password",
    ({ pfxFile, password }) => ({ store: pfxFile, storeType: "cstPFXFile", password }),
  ],
];

const acceptedStores = acceptedForms.map(([form, choiceOf]): SurfaceCheck => ({
  rows: rowsOf("sslAcceptServerCert", "store", "store_type", "store_password", "subject"),
  title: `A server of an unknown authority is accepted by the certificate of ${form}`,
  async run(stage) {
    const mqtt = stage.mqtt();
    choose(stage, mqtt, "sslAcceptServerCert", choiceOf(await certificate(stage, "stranger")), "CN=localhost");
    equal(mqtt.sslAcceptServerCertSubject, "CN=localhost", "The subject");
    const peer = await openPeer(stage, { certificate: "stranger" });
    await connect(mqtt, peer);
    equal((await peer.next("connect")).type, "connect", "What the server gets");
  },
}));

const acceptedOthers: readonly SurfaceCheck[] = [
  {
    rows: rowsOf("sslAcceptServerCert", "encoded", "subject"),
    title: "A server of an unknown authority is accepted by a certificate that is set in PEM, and by no other",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { stranger, selfSigned } = await stage.lab.certificates();
      mqtt.sslAcceptServerCertEncoded = stranger.certificate;
      equal(textOf(mqtt.sslAcceptServerCertEncoded), stranger.certificate, "What reads back");
      // There is no private key, which would have told the subject.
      equal(mqtt.sslAcceptServerCertSubject, "", "The subject");
      await connect(mqtt, await openPeer(stage, { certificate: "stranger" }));
      await mqtt.disconnect();
      mqtt.sslAcceptServerCertEncoded = selfSigned.certificate;
      const peer = await openPeer(stage, { certificate: "stranger" });
      await throwsCode(274, "SSL", () => connect(mqtt, peer));
    },
  },
  {
    rows: rowsOf("sslAcceptServerCert", "subject"),
    title: "A server of an unknown authority is refused when the store has none of the subject",
    async run(stage) {
      const mqtt = stage.mqtt();
      const { certificateFile: store } = await certificate(stage, "stranger");
      choose(stage, mqtt, "sslAcceptServerCert", { store, storeType: "cstPublicKeyFile" }, "CN=elsewhere");
      equal(mqtt.sslAcceptServerCertSubject, "", "The subject");
      const peer = await openPeer(stage, { certificate: "stranger" });
      await throwsCode(274, "SSL", () => connect(mqtt, peer));
    },
  },
];

const serverAbout = {
  issuer: "CN=The authority of the checks",
  altNames: "localhost, broker.test, 127.0.0.1, ::1",
  extendedKeyUsage: "1.3.6.1.5.5.7.3.1",
  usage: "Digital Signature, Key Encipherment",
  usageFlags: 0xa0,
  algorithm: "RSA",
  bits: 2048,
  privateKey: "",
};

/** It comes from no store, whatever the client's own comes from. */
const storeFacts: readonly CertificateFact[] = [
  { row: "store", property: "Store", check: (value) => equal(value, "MY") },
  { row: "store_password", property: "StorePassword", check: (value) => equal(value, "") },
  { row: "store_type", property: "StoreType", check: (value) => equal(value, 0) },
  {
    row: "subject",
    property: "Subject",
    check: (value, { commonName }) => equal(value, `CN=${commonName}`),
  },
  {
    row: "encoded",
    property: "Encoded",
    check: (value, { certificate: pem }) => equal(textOf(value as Uint8Array), pem),
  },
];

const serverFacts = [...certificateFacts, ...storeFacts].map((fact): SurfaceCheck => ({
  rows: rowsOf("sslServerCert", fact.row),
  title: `sslServerCert${fact.property} tells of the certificate that a server shows, also after the end`,
  async run(stage) {
    if (stage.runtime === "browser") stage.absent("a page is not told which certificate the server has shown");
    const mqtt = stage.mqtt();
    const { rsaServer } = await stage.lab.certificates();
    const { certificateFile: store } = rsaServer;
    choose(stage, mqtt, "sslAcceptServerCert", { store, storeType: "cstPublicKeyFile" });
    const authentications = events(mqtt, "sslServerAuthentication");
    await connect(mqtt, await openPeer(stage, { certificate: "rsaServer" }));
    equal(textOf(authentications[0]?.certEncoded ?? new Uint8Array()).trim(), rsaServer.certificate.trim());
    fact.check(fieldOf(mqtt, "sslServerCert", fact), rsaServer, serverAbout);
    await mqtt.disconnect();
    fact.check(fieldOf(mqtt, "sslServerCert", fact), rsaServer, serverAbout);
  },
}));

export const checks: readonly SurfaceCheck[] = [
  ...clientFacts,
  ...clientStores,
  ...clientSubjects,
  ...clientOthers,
  ...acceptedFacts,
  ...acceptedStores,
  ...acceptedOthers,
  ...serverFacts,
];
