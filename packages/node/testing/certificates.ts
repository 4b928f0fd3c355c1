import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The kinds of key that can be asked for. */
type LabKey = "EC" | "EC-P384" | "EC-P521" | "RSA" | "RSA-1024" | "RSA-4096" | "Ed25519";

/** What a certificate is to say. */
export interface CertificateRequest {
  readonly commonName: string;
  /** The whole subject as openssl takes it, such as `/O=Example/CN=broker`. Default: only the common name. */
  readonly subject?: string;
  /** Such as `DNS:localhost` and `IP:127.0.0.1`. */
  readonly altNames?: readonly string[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a week. */
  readonly notAfter?: Date;
  /** Default: `"EC"`, on P-256. */
  readonly key?: LabKey;
  /** Such as `serverAuth`, `clientAuth`, `OCSPSigning`. Default: none. */
  readonly extendedKeyUsage?: readonly string[];
  /** Such as `digitalSignature`. Default: what an authority needs, or none. */
  readonly keyUsage?: readonly string[];
  /** Where an OCSP responder is. */
  readonly ocspUrl?: string | readonly string[];
  /** Where the list of revoked certificates is. */
  readonly crlUrl?: string | readonly string[];
  /** Default: `critical, CA:TRUE` for an authority, else `critical, CA:FALSE`. */
  readonly basicConstraints?: string;
  /** More lines for the section of extensions, such as `1.3.6.1.5.5.7.1.24 = DER:3003020105`. */
  readonly extensions?: readonly string[];
  /** Such as `rsa_padding_mode:pss`. */
  readonly signatureOptions?: readonly string[];
  /** The digest of the signature. Default: what suits the authority's key. */
  readonly digest?: string;
}

/** A certificate with its key, as files and as text. */
export interface IssuedCertificate {
  readonly commonName: string;
  /** PEM: this certificate alone. */
  readonly certificateFile: string;
  /** PEM, PKCS#8, not encrypted. */
  readonly keyFile: string;
  /** PEM: this certificate, then the intermediate authorities; not the root, unless it is one. */
  readonly chainFile: string;
  readonly certificate: string;
  readonly key: string;
  readonly chain: string;
  /** DER of the certificate. */
  readonly der: Uint8Array;
  /** The certificate's serial number in hexadecimal digits. */
  readonly serialNumber: string;
}

/** The reasons for a revocation that openssl knows. */
export type RevocationReason =
  "unspecified" | "keyCompromise" | "CACompromise" | "affiliationChanged" | "superseded" | "cessationOfOperation";

/**
 * Makes authorities and certificates with the `openssl` executable, in a fresh directory that goes with it.
 * `createCertificateLab()`, then `lab.createAuthority(...)`, then `authority.issue(...)`; `await using` or `cleanup()` in
 * the end.
 */
export interface CertificateLab extends AsyncDisposable {
  readonly directory: string;
  /** A root: an authority that signs itself. */
  createAuthority(request: CertificateRequest): Promise<Authority>;
  /** A certificate that is signed by its own key and is no authority. */
  createSelfSigned(request: CertificateRequest): Promise<IssuedCertificate>;
  /** Runs openssl in the lab's directory, and returns what it prints. */
  openssl(...args: string[]): Promise<string>;
  /** Writes a file into the lab's directory, and returns its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** Removes the directory. */
  cleanup(): Promise<void>;
}

export async function createCertificateLab(): Promise<CertificateLab> {
  const directory = await mkdtemp(join(tmpdir(), "rivulet-certificates-"));
  const workshop = new Workshop(directory);
  const cleanup = (): Promise<void> => rm(directory, { recursive: true, force: true });
  return {
    directory,
    createAuthority: (request) => Authority.create(workshop, request),
    createSelfSigned: (request) => workshop.selfSign(request, { isAuthority: false }),
    openssl: (...args) => workshop.openssl(...args),
    write: async (name, content) => {
      const path = join(directory, name);
      await writeFile(path, content);
      return path;
    },
    cleanup,
    [Symbol.asyncDispose]: cleanup,
  };
}

/** An authority with its database, from which `openssl ocsp` and lists of revoked certificates are made. */
export class Authority implements IssuedCertificate {
  readonly commonName: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly chainFile: string;
  readonly certificate: string;
  readonly key: string;
  readonly chain: string;
  readonly der: Uint8Array;
  readonly serialNumber: string;
  /** The database, as `openssl ocsp -index` wants it. */
  readonly indexFile: string;
  readonly #workshop: Workshop;
  readonly #isRoot: boolean;
  readonly #directory: string;
  /** The database bears one writer at a time. */
  #previous: Promise<unknown> = Promise.resolve();

  constructor(workshop: Workshop, issued: IssuedCertificate, isRoot: boolean) {
    ({ commonName: this.commonName, certificateFile: this.certificateFile, keyFile: this.keyFile } = issued);
    ({ chainFile: this.chainFile, certificate: this.certificate, key: this.key, chain: this.chain } = issued);
    ({ der: this.der, serialNumber: this.serialNumber } = issued);
    this.#workshop = workshop;
    this.#isRoot = isRoot;
    this.#directory = issued.certificateFile.replace(/certificate\.pem$/, "");
    this.indexFile = join(this.#directory, "index.txt");
  }

  /** Makes a root. */
  static async create(workshop: Workshop, request: CertificateRequest): Promise<Authority> {
    return new Authority(workshop, await workshop.selfSign(request, { isAuthority: true }), true);
  }

  /** Issues a certificate for a server, a client, a responder. */
  issue(request: CertificateRequest): Promise<IssuedCertificate> {
    return this.#sign(request, false);
  }

  /** Makes an authority below this one. */
  async issueAuthority(request: CertificateRequest): Promise<Authority> {
    return new Authority(this.#workshop, await this.#sign(request, true), false);
  }

  /** Notes in the database that a certificate of this authority is revoked. */
  async revoke(issued: IssuedCertificate, reason: RevocationReason = "unspecified"): Promise<void> {
    await this.#oneByOne(() =>
      this.#workshop.openssl(...this.#ca(), "-revoke", issued.certificateFile, "-crl_reason", reason),
    );
  }

  /** Makes the list of revoked certificates: as of `lastUpdate` (now), the next at `nextUpdate` (in a day). */
  async createCrl(times: { lastUpdate?: Date; nextUpdate?: Date } = {}): Promise<{ pem: string; der: Uint8Array }> {
    const file = join(this.#directory, "crl.pem");
    const derFile = join(this.#directory, "crl.der");
    const last = opensslTime(times.lastUpdate ?? new Date(Date.now() - 60_000));
    const next = opensslTime(times.nextUpdate ?? new Date(Date.now() + 86_400_000));
    return this.#oneByOne(async () => {
      const dates = ["-crl_lastupdate", last, "-crl_nextupdate", next];
      await this.#workshop.openssl(...this.#ca(), "-gencrl", ...dates, "-out", file);
      await this.#workshop.openssl("crl", "-in", file, "-outform", "DER", "-out", derFile);
      return { pem: await readFile(file, "utf8"), der: new Uint8Array(await readFile(derFile)) };
    });
  }

  async #sign(request: CertificateRequest, isAuthority: boolean): Promise<IssuedCertificate> {
    const draft = await this.#workshop.draft(request, isAuthority);
    await this.#oneByOne(() => this.#workshop.openssl(...this.#ca(), ...signingArguments(draft, request)));
    return this.#workshop.read(draft, request, this.#isRoot ? "" : this.chain);
  }

  #ca(): string[] {
    const config = join(this.#directory, "authority.cnf");
    return ["ca", "-batch", "-notext", "-config", config, "-cert", this.certificateFile, "-keyfile", this.keyFile];
  }

  #oneByOne<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#previous.then(work);
    this.#previous = result.catch(() => undefined);
    return result;
  }
}

/** A certificate before it is signed. */
interface Draft {
  readonly directory: string;
  readonly requestFile: string;
  readonly extensionsFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

class Workshop {
  readonly #directory: string;
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async openssl(...args: string[]): Promise<string> {
    const { stdout } = await run("openssl", args, { cwd: this.#directory, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  async selfSign(request: CertificateRequest, { isAuthority }: { isAuthority: boolean }): Promise<IssuedCertificate> {
    const draft = await this.draft(request, isAuthority);
    // A certificate that is not an authority has a database all the same: openssl makes none without.
    if (!isAuthority) await writeDatabase(draft.directory);
    const config = join(draft.directory, "authority.cnf");
    const own = ["-selfsign", "-config", config, "-keyfile", draft.keyFile];
    await this.openssl("ca", "-batch", "-notext", ...own, ...signingArguments(draft, request));
    return this.read(draft, request, "");
  }

  async draft(request: CertificateRequest, isAuthority: boolean): Promise<Draft> {
    this.#count += 1;
    const name = `${this.#count}-${request.commonName.replaceAll(/[^\w.-]+/g, "_")}`;
    const directory = join(this.#directory, name);
    await mkdir(directory);
    const path = (file: string): string => join(directory, file);
    const draft: Draft = {
      directory,
      requestFile: path("request.pem"),
      extensionsFile: path("extensions.cnf"),
      certificateFile: path("certificate.pem"),
      keyFile: path("key.pem"),
    };
    const subject = request.subject ?? `/CN=${request.commonName}`;
    await writeFile(draft.extensionsFile, extensionLines(request, isAuthority).join("\n"));
    await writeFile(path("request.cnf"), "[req]\ndistinguished_name = dn\n[dn]\n");
    await this.openssl(
      ...["req", "-new", "-utf8", "-nodes", "-config", path("request.cnf"), ...keyArguments[request.key ?? "EC"]],
      ...["-keyout", draft.keyFile, "-subj", subject, "-out", draft.requestFile],
    );
    if (isAuthority) await writeDatabase(directory);
    return draft;
  }

  async read(draft: Draft, request: CertificateRequest, above: string): Promise<IssuedCertificate> {
    const certificate = await readFile(draft.certificateFile, "utf8");
    const chain = certificate + above;
    const chainFile = join(draft.directory, "chain.pem");
    await writeFile(chainFile, chain);
    const serial = await this.openssl("x509", "-in", draft.certificateFile, "-noout", "-serial");
    return {
      commonName: request.commonName,
      certificateFile: draft.certificateFile,
      keyFile: draft.keyFile,
      chainFile,
      certificate,
      key: await readFile(draft.keyFile, "utf8"),
      chain,
      der: new Uint8Array(Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ""), "base64")),
      serialNumber: serial.trim().replace("serial=", ""),
    };
  }
}

const keyArguments: Readonly<Record<LabKey, readonly string[]>> = {
  EC: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "EC-P384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "EC-P521": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
  RSA: ["-newkey", "rsa:2048"],
  "RSA-1024": ["-newkey", "rsa:1024"],
  "RSA-4096": ["-newkey", "rsa:4096"],
  Ed25519: ["-newkey", "ed25519"],
};

function signingArguments(draft: Draft, request: CertificateRequest): string[] {
  const start = request.notBefore ?? new Date(Date.now() - 3_600_000);
  const end = request.notAfter ?? new Date(Date.now() + 7 * 86_400_000);
  return [
    ...["-preserveDN", "-in", draft.requestFile, "-out", draft.certificateFile, "-extfile", draft.extensionsFile],
    ...["-startdate", opensslTime(start), "-enddate", opensslTime(end)],
    ...(request.digest === undefined ? [] : ["-md", request.digest]),
    ...(request.signatureOptions ?? []).flatMap((option) => ["-sigopt", option]),
  ];
}

function extensionLines(request: CertificateRequest, isAuthority: boolean): string[] {
  const list = (value: string | readonly string[]): readonly string[] => (typeof value === "string" ? [value] : value);
  const keyUsage = request.keyUsage ?? (isAuthority ? ["keyCertSign", "cRLSign", "digitalSignature"] : undefined);
  const { basicConstraints = `critical, CA:${isAuthority ? "TRUE" : "FALSE"}` } = request;
  const lines = [`basicConstraints = ${basicConstraints}`, "subjectKeyIdentifier = hash"];
  if (keyUsage !== undefined) lines.push(`keyUsage = critical, ${keyUsage.join(", ")}`);
  if (request.extendedKeyUsage !== undefined) lines.push(`extendedKeyUsage = ${request.extendedKeyUsage.join(", ")}`);
  if (request.altNames !== undefined) lines.push(`subjectAltName = ${request.altNames.join(", ")}`);
  if (request.ocspUrl !== undefined) {
    lines.push(
      `authorityInfoAccess = ${list(request.ocspUrl)
        .map((url) => `OCSP;URI:${url}`)
        .join(", ")}`,
    );
  }
  if (request.crlUrl !== undefined) {
    lines.push(
      `crlDistributionPoints = ${list(request.crlUrl)
        .map((url) => `URI:${url}`)
        .join(", ")}`,
    );
  }
  return [...lines, ...(request.extensions ?? []), ""];
}

async function writeDatabase(directory: string): Promise<void> {
  const config = [
    "[ca]",
    "default_ca = authority",
    "[authority]",
    `database = ${join(directory, "index.txt")}`,
    `new_certs_dir = ${directory}`,
    `crlnumber = ${join(directory, "crlnumber")}`,
    "rand_serial = yes",
    "unique_subject = no",
    "default_md = default",
    "default_crl_days = 1",
    "policy = anything",
    "copy_extensions = none",
    "[anything]",
    ...["countryName", "stateOrProvinceName", "localityName", "organizationName", "organizationalUnitName"].map(
      (name) => `${name} = optional`,
    ),
    ...["commonName", "emailAddress", "domainComponent"].map((name) => `${name} = optional`),
    "",
  ].join("\n");
  await writeFile(join(directory, "authority.cnf"), config);
  await writeFile(join(directory, "index.txt"), "");
  await writeFile(join(directory, "crlnumber"), "01\n");
}

/** YYYYMMDDHHMMSSZ. */
function opensslTime(time: Date): string {
  return time.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
}
