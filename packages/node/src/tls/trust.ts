import { X509Certificate } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import * as tls from "node:tls";
import { InvalidOptionError, UnsupportedError, type TlsOptions } from "@rivulet/engine";
import { readCertificates } from "../keys/certificates.ts";
import { toPem } from "./certificate-info.ts";

/** The authorities that are trusted. */
export interface Trust {
  /** As `node:tls` takes them. */
  readonly pem: readonly string[];
  /** Read when it is asked for, which is when something is wrong. */
  certificates(): readonly X509Certificate[];
}

/** Where systems keep the authorities that they trust, in one file. */
const bundles: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
];

/** What tells where the system's authorities are. */
export interface SystemTrust {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly bundles: readonly string[];
  /** Node's own way, where it has one: those of the system, and of NODE_EXTRA_CA_CERTS. */
  readonly getCertificates: ((type: "system" | "extra") => string[]) | undefined;
}

const getCertificates = (tls as { readonly getCACertificates?: (type: string) => string[] }).getCACertificates;

let systemAuthorities: Promise<Trust> | undefined;

/**
 * Reads the authorities that the options ask for.
 *
 * @throws InvalidOptionError for certificates that cannot be read, UnsupportedError where Deno was not given the permission.
 */
export async function readTrust({ ca, systemCa = ca === undefined }: TlsOptions): Promise<Trust> {
  const own = ca === undefined ? [] : await readCertificates(ca, "tls.ca");
  const system = systemCa ? await readSystemOnce() : undefined;
  if (own.length === 0 && system !== undefined) return system;
  return toTrust([...own.map((der) => toPem("CERTIFICATE", der)), ...(system?.pem ?? [])]);
}

/** Once in the life of a process, since there are more than a hundred. A refusal is not kept: Deno may ask its user again. */
async function readSystemOnce(): Promise<Trust> {
  systemAuthorities ??= readSystemAuthorities({ environment: process.env, bundles, getCertificates });
  try {
    return await systemAuthorities;
  } catch (error) {
    systemAuthorities = undefined;
    throw error;
  }
}

/**
 * Reads the system's authorities: what Node finds, else SSL_CERT_FILE and SSL_CERT_DIR, else the first of the bundles, else
 * those that Node brings along; and those of NODE_EXTRA_CA_CERTS.
 *
 * @throws UnsupportedError where Deno was not given the permission.
 */
export async function readSystemAuthorities(where: SystemTrust): Promise<Trust> {
  const found = ask(where, "system") ?? [];
  const extra = ask(where, "extra") ?? (await readBundle(variable(where, "NODE_EXTRA_CA_CERTS")));
  const system = found.length > 0 ? found : await findSystemAuthorities(where);
  return toTrust([...system, ...extra]);
}

function ask({ getCertificates }: SystemTrust, type: "system" | "extra"): string[] | undefined {
  try {
    return getCertificates?.(type);
  } catch (cause) {
    // In Deno there is a permission for it, without which nothing is known that could be trusted.
    const remedy = "run Deno with --allow-sys=ca, or say in tls.ca whom to trust";
    throw new UnsupportedError("tls.systemCa", `The system's authorities may not be read: ${remedy}`, { cause });
  }
}

/** Deno has a permission for these, too; without it, it is as if they were not set. */
function variable({ environment }: SystemTrust, name: string): string | undefined {
  try {
    return environment[name];
  } catch {
    return undefined;
  }
}

async function findSystemAuthorities(where: SystemTrust): Promise<string[]> {
  const file = variable(where, "SSL_CERT_FILE");
  const directories = variable(where, "SSL_CERT_DIR");
  if (file !== undefined || directories !== undefined) {
    const ofDirectories = (directories ?? "").split(delimiter).filter(Boolean).map(readBundlesIn);
    // Also when there are none: who names some does not mean others.
    return (await Promise.all([readBundle(file), ...ofDirectories])).flat();
  }
  for (const bundle of where.bundles) {
    const certificates = await readBundle(bundle);
    if (certificates.length > 0) return certificates;
  }
  return [...tls.rootCertificates];
}

async function readBundlesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const all = await Promise.all(names.map((name) => readBundle(join(directory, name))));
  // There, the same certificate has several names.
  return [...new Set(all.flat())];
}

/** The certificates of a file; none where there is no such file. */
async function readBundle(file: string | undefined): Promise<string[]> {
  const text = file === undefined ? "" : await readFile(file, "latin1").catch(() => "");
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function toTrust(pem: readonly string[]): Trust {
  let certificates: readonly X509Certificate[] | undefined;
  return { pem, certificates: () => (certificates ??= pem.flatMap(readCertificate)) };
}

/** A system may have certificates that this OpenSSL cannot read; it does not trust those. */
function readCertificate(pem: string): X509Certificate[] {
  try {
    return [new X509Certificate(pem)];
  } catch {
    return [];
  }
}

/**
 * Reads the certificates that are accepted whatever is wrong with them, as SHA-256 fingerprints.
 *
 * @throws InvalidOptionError for what is neither a certificate nor a fingerprint.
 */
export async function readPins({ acceptServerCertificate: accepted }: TlsOptions): Promise<ReadonlySet<string>> {
  const sources = accepted === undefined ? [] : Array.isArray(accepted) ? accepted : [accepted];
  const pins = new Set<string>();
  for (const source of sources as Exclude<typeof accepted, undefined | readonly unknown[]>[]) {
    const digits = typeof source === "string" ? source.trim().replaceAll(":", "") : "";
    if (/^[\da-f]{64}$/i.test(digits)) pins.add(digits.toUpperCase());
    else if (typeof source === "string" && /^[\da-f:\s]*$/i.test(source)) {
      throw new InvalidOptionError(
        "tls.acceptServerCertificate",
        `tls.acceptServerCertificate is "${source.slice(0, 128)}", which is neither a certificate nor a SHA-256 fingerprint of 64 digits`,
      );
    } else {
      for (const der of await readCertificates(source, "tls.acceptServerCertificate")) pins.add(fingerprint(der));
    }
  }
  return pins;
}

function fingerprint(der: Uint8Array): string {
  return new X509Certificate(der).fingerprint256.replaceAll(":", "");
}
