/** The contract that all transports share, over all that carries bytes in Deno. Run by Deno; see the README. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { viaNode } from "../../node/testing/node-transport.ts";
import { createTcp, tcp } from "../src/mod.ts";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { createCertificateLab } from "../../node/testing/certificates.ts";
import { startRemotePeers } from "../../node/testing/remote-peers.ts";

const peers = startRemotePeers();
const lab = await createCertificateLab();
const authority = await lab.createAuthority({ commonName: "The authority of the contract" });
const server = await authority.issue({
  commonName: "localhost",
  altNames: ["IP:127.0.0.1"],
  extendedKeyUsage: ["serverAuth"],
});
const ca = authority.certificate;
let sockets = 0;

const overTcp: TransportHarness = {
  transport: tcp,
  kind: "tcp",
  inboundBackPressure: true,
  startPeer: () => peers.start(),
};
const overTls: TransportHarness = {
  ...overTcp,
  startPeer: () => peers.start({ tls: { key: server.key, cert: server.chain } }),
};

const harnesses: Readonly<Record<string, TransportHarness>> = {
  TCP: overTcp,
  "TCP with small buffers": { ...overTcp, options: { socket: { sendBufferBytes: 10, receiveBufferBytes: 10 } } },
  "Unix sockets": { ...overTcp, startPeer: () => peers.start({ path: join(lab.directory, `${++sockets} %.sock`) }) },
  TLS: { ...overTls, options: { tls: { ca, systemCa: true } } },
  "TCP through node:net": { ...overTcp, transport: createTcp(viaNode), options: { socket: { family: 4 } } },
  // Deno's node:tls goes on reading while it is paused (2.9.5).
  "TLS through node:tls": {
    ...overTls,
    transport: createTcp(viaNode),
    options: { tls: { ca } },
    inboundBackPressure: false,
  },
};

/** There the transport has another name, and a refusal no port: both are tested by themselves. */
const others: ReadonlySet<string> = new Set([
  "TLS > tells where it is connected to",
  "TLS through node:tls > tells where it is connected to",
  "Unix sockets > tells where it is connected to",
  "Unix sockets > a refused connection is a TransportError",
  // Deno keeps a connection whose handshake has been given up until the server ends it, which this one does not.
  "TLS > a signal aborted while opening",
]);

for (const [name, harness] of Object.entries(harnesses)) {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    const title = `${name} > ${scenario.name}`;
    if (!others.has(title)) Deno.test(`the transport contract over ${title}`, () => scenario.run(harness, assert));
  }
}

Deno.test.afterAll(async () => {
  await peers[Symbol.asyncDispose]();
  await lab.cleanup();
});
