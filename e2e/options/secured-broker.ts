import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import type { Authority, CertificateLab, IssuedCertificate } from "../../packages/node/testing/certificates.ts";
import { answerOcsp, startResponderServer } from "../../packages/node/testing/revocation-lab.ts";
import { findMosquitto } from "../support/find-executable.ts";
import { freePorts } from "../support/free-ports.ts";

/** What each listener of mosquitto is like; all stand at TLS. */
const listeners = {
  server: { certificate: "server", lines: [] },
  tls13: { certificate: "server", lines: ["tls_version tlsv1.3"] },
  clients: { certificate: "server", lines: ["require_certificate true", "use_identity_as_username true"] },
  expired: { certificate: "expired", lines: [] },
  elsewhere: { certificate: "elsewhere", lines: [] },
  stranger: { certificate: "stranger", lines: [] },
  revoked: { certificate: "revoked", lines: [] },
} as const;

export type SecuredListener = keyof typeof listeners;

/** A mosquitto whose listeners show all kinds of certificates. */
export interface SecuredBroker {
  readonly ports: Readonly<Record<SecuredListener, number>>;
  stop(): Promise<void>;
}

export interface SecuredBrokerParts {
  readonly openssl: CertificateLab;
  readonly authority: Authority;
  readonly certificates: Readonly<Record<"server" | "expired" | "elsewhere" | "stranger", IssuedCertificate>>;
}

export async function startSecuredBroker({
  openssl,
  authority,
  certificates,
}: SecuredBrokerParts): Promise<SecuredBroker> {
  const mosquitto = findMosquitto();
  if (mosquitto === undefined) throw new Error("mosquitto was not found: run `npm run setup`");
  const responder = await startResponderServer();
  const revoked = await authority.issue({
    commonName: "localhost",
    altNames: ["IP:127.0.0.1"],
    extendedKeyUsage: ["serverAuth"],
    ocspUrl: responder.url("/ocsp"),
    crlUrl: responder.url("/list.crl"),
  });
  await authority.revoke(revoked);
  responder.on("/ocsp", ({ body }) => answerOcsp(openssl, authority, body));
  responder.on("/list.crl", (await authority.createCrl()).der);

  const names = Object.keys(listeners) as SecuredListener[]; // a literal: its keys are the names
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((name, index) => [name, free[index]])) as SecuredBroker["ports"];
  const sections = names.flatMap((name) => {
    const { certificate, lines } = listeners[name];
    const { chainFile, keyFile } = { ...certificates, revoked }[certificate];
    const files = [`certfile ${chainFile}`, `keyfile ${keyFile}`, `cafile ${authority.certificateFile}`];
    return [
      `listener ${ports[name]} 127.0.0.1`,
      ...files,
      ...lines,
      ...(name === "clients" ? [] : ["allow_anonymous true"]),
    ];
  });
  const lines = ["per_listener_settings true", "user root", "set_tcp_nodelay true", "log_dest stderr", ...sections, ""];
  const path = await openssl.write("mosquitto.conf", lines.join("\n"));
  const child = spawn(mosquitto, ["-c", path], { stdio: ["ignore", "ignore", "pipe"] });
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill);
  const exited = once(child, "exit").finally(() => process.off("exit", kill));
  const said: string[] = [];
  const running = new Promise<boolean>((resolve) => {
    createInterface(child.stderr).on("line", (line) => {
      said.push(line);
      if (/mosquitto version \S+ running/.test(line)) resolve(true);
    });
    child.once("close", () => resolve(false));
  });
  if (!(await running)) throw new Error(`mosquitto did not start:\n${said.join("\n")}`);
  return {
    ports,
    stop: async () => {
      kill();
      await exited;
      await responder[Symbol.asyncDispose]();
    },
  };
}
