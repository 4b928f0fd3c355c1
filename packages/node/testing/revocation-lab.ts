import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { Authority, CertificateLab, IssuedCertificate } from "./certificates.ts";

/** What a scripted responder sends back; `"hang"` is an answer that does not come. */
export type Reply = Uint8Array | "hang" | { status?: number; headers?: Record<string, string>; body?: Uint8Array };

/** What a scripted responder was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** A web server on loopback whose answers are scripted by path. */
export interface ResponderServer extends AsyncDisposable {
  /** Every request since the last `reset`. */
  readonly asked: Asked[];
  url(path: string): string;
  on(path: string, answer: Reply | ((asked: Asked) => Reply | Promise<Reply>)): void;
  /** Forgets all answers and requests. A path without an answer is a 404. */
  reset(): void;
  /** How many connections are open. */
  connections(): Promise<number>;
}

export async function startResponderServer(): Promise<ResponderServer> {
  const answers = new Map<string, Reply | ((asked: Asked) => Reply | Promise<Reply>)>();
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one: Asked = { method, path, headers, body: Buffer.concat(chunks) };
      asked.push(one);
      const answer = answers.get(path.replace(/\?.*/, "")) ?? { status: 404 };
      const send = (reply: Reply): void => {
        if (reply === "hang") return;
        const { status = 200, body, headers: own } = reply instanceof Uint8Array ? { body: reply } : { ...reply };
        response.writeHead(status, own).end(body);
      };
      Promise.resolve(typeof answer === "function" ? answer(one) : answer).then(send, (error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    on: (path, answer) => answers.set(path, answer),
    reset: () => {
      answers.clear();
      asked.length = 0;
    },
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Who answers, and how. */
export interface OcspSettings {
  /** Whose key signs. Default: the authority's own. */
  readonly signer?: IssuedCertificate;
  /** The database. Default: the authority's. */
  readonly indexFile?: string;
  /** More arguments for `openssl ocsp`, such as `-badsig`. */
  readonly arguments?: readonly string[];
}

let files = 0;

/** What openssl's responder answers to a request. */
export async function answerOcsp(
  lab: CertificateLab,
  authority: Authority,
  request: Uint8Array,
  settings: OcspSettings = {},
): Promise<Uint8Array> {
  const { signer = authority, indexFile = authority.indexFile } = settings;
  files += 1;
  const requestFile = await lab.write(`ocsp-${files}.request`, request);
  const answerFile = join(lab.directory, `ocsp-${files}.answer`);
  await lab.openssl(
    ...["ocsp", "-index", indexFile, "-CA", authority.certificateFile, "-rsigner", signer.certificateFile],
    ...["-rkey", signer.keyFile, "-reqin", requestFile, "-respout", answerFile, ...(settings.arguments ?? [])],
  );
  return new Uint8Array(await readFile(answerFile));
}

/** Comes with the system, not with npm. */
const openssl = "openssl";

/** openssl's own responder, which follows the database. It listens for longer than a test takes, and no longer. */
export async function startOpensslResponder(authority: Authority): Promise<AsyncDisposable & { readonly url: string }> {
  const keys = ["-CA", authority.certificateFile, "-rsigner", authority.certificateFile, "-rkey", authority.keyFile];
  const child = spawn(openssl, ["ocsp", "-index", authority.indexFile, ...keys, "-ndays", "1", "-port", "0"], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 60_000,
  });
  const exit = once(child, "exit");
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    const port = /^ACCEPT .*:(\d+)/m.exec(printed)?.[1];
    if (port === undefined) continue;
    const stop = async (): Promise<void> => {
      child.kill();
      await exit;
    };
    return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: stop };
  }
  throw new Error(`openssl's responder did not start: ${printed}`);
}

/** A request as openssl makes it: without a nonce unless `arguments` say otherwise. */
export async function requestOcsp(
  lab: CertificateLab,
  issuer: IssuedCertificate,
  certificate: IssuedCertificate,
  options: readonly string[] = ["-no_nonce"],
): Promise<Uint8Array> {
  files += 1;
  const file = join(lab.directory, `ocsp-${files}.request`);
  await lab.openssl(
    ...["ocsp", "-issuer", issuer.certificateFile, ...options],
    ...["-cert", certificate.certificateFile, "-reqout", file],
  );
  return new Uint8Array(await readFile(file));
}

/** What a list of revoked certificates is to be like, beyond what `Authority.createCrl` can. */
export interface CrlSettings {
  /** Lines for the section of the list's extensions. */
  readonly extensions?: readonly string[];
  /** Lines for more sections that the extensions name. */
  readonly sections?: readonly string[];
  /** The database. Default: the authority's. */
  readonly indexFile?: string;
  /** Whose key signs. Default: the authority's own. */
  readonly keyFile?: string;
  /** More arguments for `openssl ca`. */
  readonly arguments?: readonly string[];
}

/** A list of revoked certificates in DER, made by openssl. */
export async function createCrl(
  lab: CertificateLab,
  authority: Authority,
  settings: CrlSettings = {},
): Promise<Uint8Array> {
  const { extensions = [], sections = [], indexFile = authority.indexFile, keyFile = authority.keyFile } = settings;
  files += 1;
  const lines = [
    ...["[ca]", "default_ca = authority", "[authority]", `database = ${indexFile}`, "default_md = default"],
    ...["unique_subject = no", "default_crl_days = 1", `crlnumber = ${join(dirname(indexFile), "crlnumber")}`],
    ...["[list]", "authorityKeyIdentifier = keyid", ...extensions, ...sections, ""],
  ];
  const config = await lab.write(`crl-${files}.cnf`, lines.join("\n"));
  const file = join(lab.directory, `crl-${files}.pem`);
  await lab.openssl(
    ...["ca", "-config", config, "-gencrl", "-crlexts", "list", "-cert", authority.certificateFile],
    ...["-keyfile", keyFile, "-out", file, ...(settings.arguments ?? [])],
  );
  const pem = await readFile(file, "utf8");
  return new Uint8Array(Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ""), "base64"));
}
