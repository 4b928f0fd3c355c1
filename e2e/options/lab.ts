import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../packages/node/testing/certificates.ts";
import {
  startDante,
  startMicrosocks,
  startSshProxy,
  startTinyproxy,
  type RunningProxy,
} from "../../packages/node/testing/proxies.ts";
import { startBroker } from "../support/broker.ts";
import { startSecuredBroker, type SecuredBroker } from "./secured-broker.ts";

/** The certificates that servers and clients of the checks show. */
const requests = {
  server: {},
  expired: { notBefore: daysFromNow(-20), notAfter: daysFromNow(-10) },
  future: { notBefore: daysFromNow(10), notAfter: daysFromNow(20) },
  elsewhere: { commonName: "elsewhere.example", altNames: ["DNS:elsewhere.example"] },
  client: { commonName: "a client", altNames: ["DNS:a-client"], extendedKeyUsage: ["clientAuth"] },
  rsaClient: {
    commonName: "a client with RSA",
    altNames: ["DNS:a-client"],
    extendedKeyUsage: ["clientAuth"],
    key: "RSA",
  },
  forClients: { extendedKeyUsage: ["clientAuth"] },
} as const;

/** Everything that the checks need beside the runtime. */
export interface Lab {
  /** The broker's ports. */
  readonly ports: { readonly tcp: number; readonly ws: number };
  readonly certificates: Readonly<Record<keyof typeof requests | "stranger", IssuedCertificate>>;
  /** The authority of all certificates but the stranger's. */
  readonly authority: Authority;
  readonly openssl: CertificateLab;
  /** A broker that speaks TLS itself. */
  readonly secured: SecuredBroker;
  readonly proxies: Readonly<Record<"http" | "guardedHttp" | "socks" | "guardedSocks" | "dante" | "ssh", RunningProxy>>;
  readonly proxyCredentials: { readonly username: string; readonly password: string };
  readonly directory: string;
  stop(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const broker = await startBroker();
  const openssl = await createCertificateLab();
  const authority = await openssl.createAuthority({ commonName: "The authority of the checks" });
  const stranger = await openssl.createAuthority({ commonName: "Another authority" });
  const common = {
    commonName: "localhost",
    altNames: ["DNS:localhost", "DNS:broker.test", "IP:127.0.0.1", "IP:::1"],
    extendedKeyUsage: ["serverAuth"],
  };
  const issued: [string, IssuedCertificate][] = [["stranger", await stranger.issue(common)]];
  for (const [name, request] of Object.entries(requests)) {
    issued.push([name, await authority.issue({ ...common, ...request })]);
  }
  const proxyCredentials = { username: "somebody", password: "s3cret-of-the-proxy" };
  const proxies = {
    http: await startTinyproxy(),
    guardedHttp: await startTinyproxy(proxyCredentials),
    socks: await startMicrosocks(),
    guardedSocks: await startMicrosocks(proxyCredentials),
    dante: await startDante(),
    ssh: await startSshProxy(),
  };
  const certificates = Object.fromEntries(issued) as Record<keyof Lab["certificates"], IssuedCertificate>;
  const secured = await startSecuredBroker({ openssl, authority, certificates });
  const directory = await mkdtemp(join(tmpdir(), "rivulet-options-"));
  return {
    ports: { tcp: portOf(broker.urls.tcp), ws: portOf(broker.urls.ws) },
    certificates,
    secured,
    authority,
    openssl,
    proxies,
    proxyCredentials,
    directory,
    stop: async () => {
      for (const proxy of Object.values(proxies)) await proxy.stop();
      await secured.stop();
      await openssl.cleanup();
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}
