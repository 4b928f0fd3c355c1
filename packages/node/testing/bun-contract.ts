/** Runs the contract that all transports share in Bun, over all that carries bytes there; prints TAP. */
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { tcp } from "../src/mod.ts";
import { createCertificateLab } from "./certificates.ts";
import { startRemotePeers } from "./remote-peers.ts";

const timeoutMs = 20_000;

await using peers = startRemotePeers();
await using lab = await createCertificateLab();
const authority = await lab.createAuthority({ commonName: "The authority of the contract" });
const server = await authority.issue({
  commonName: "localhost",
  altNames: ["IP:127.0.0.1"],
  extendedKeyUsage: ["serverAuth"],
});
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
const ca = authority.certificate;

const harnesses: Readonly<Record<string, TransportHarness>> = {
  TCP: overTcp,
  "Unix sockets": { ...overTcp, startPeer: () => peers.start({ path: join(lab.directory, `${++sockets}.sock`) }) },
  TLS: { ...overTls, options: { tls: { ca } } },
  "TLS 1.2": { ...overTls, options: { tls: { ca, maxVersion: "TLSv1.2" } } },
};

/** There the transport has another name, and a refusal no port: both are tested by themselves. */
const others: ReadonlySet<string> = new Set([
  "TLS > tells where it is connected to",
  "TLS 1.2 > tells where it is connected to",
  "Unix sockets > tells where it is connected to",
  "Unix sockets > a refused connection is a TransportError",
]);

for (const [name, harness] of Object.entries(harnesses)) {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    const title = `${name} > ${scenario.name}`;
    if (others.has(title)) continue;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([scenario.run(harness, assert), late]);
      console.log(`ok - ${title}`);
    } catch (error) {
      console.log(`not ok - ${title}`);
      console.error(error);
      process.exitCode = 1;
    } finally {
      clearTimeout(timer);
    }
  }
}
