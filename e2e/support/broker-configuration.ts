/**
 * What a test broker is made of: the listeners, the files they refer to, and the configuration that joins them.
 * The configuration is the file that `e2e/compose.yaml` mounts, so both brokers behave alike.
 */
import { execFile } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The configuration file that the tests and `e2e/compose.yaml` share. */
export const templatePath: string = fileURLToPath(new URL("../mosquitto/mosquitto.conf", import.meta.url));

/** Where the template expects the certificates, the password file and the ACL. */
export const templateFiles = "/mosquitto/files";

/** The listeners of the template: each name's port there, its URL scheme, and the variable that moves it in the compose file. */
export const listeners = {
  tcp: { port: 1883, scheme: "mqtt", variable: "TCP_PORT" },
  ws: { port: 8083, scheme: "ws", variable: "WS_PORT" },
  tls: { port: 8883, scheme: "mqtts", variable: "TLS_PORT" },
  wss: { port: 8084, scheme: "wss", variable: "WSS_PORT" },
  guardedTcp: { port: 11_883, scheme: "mqtt", variable: "GUARDED_TCP_PORT" },
  guardedWs: { port: 18_083, scheme: "ws", variable: "GUARDED_WS_PORT" },
  guardedTls: { port: 18_883, scheme: "mqtts", variable: "GUARDED_TLS_PORT" },
  guardedWss: { port: 18_084, scheme: "wss", variable: "GUARDED_WSS_PORT" },
} as const;

export type ListenerName = keyof typeof listeners;
export type Ports = Readonly<Record<ListenerName, number>>;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The one user of the guarded listeners. Every character class that must be percent-encoded in a URL is in there. */
export const credentials: Credentials = { username: "sénsor@home", password: "p@ss/w:rd%20#?&é" };

/** A user whom the SCRAM listeners let in, with the same password, and answer with a signature that is wrong. */
export const deceivedUsername = "deceived";

/** Below this the user may read and write; a publish anywhere else is refused. */
const allowedRoot = "e2e";

export interface ConfigurationOptions {
  readonly ports: Ports;
  /** The directory that `writeBrokerFiles` filled. */
  readonly files: string;
  /** Global settings that differ from the template's, such as `{ persistence: "true" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly scram?: ScramListeners | undefined;
}

/** Listeners that ask for SCRAM-SHA-256. They are not in the template: no image has the plugin. */
export interface ScramListeners {
  /** Path of the compiled plugin. */
  readonly plugin: string;
  readonly ports: { readonly tcp: number; readonly ws: number };
}

/**
 * The template with loopback ports, a directory and settings put in.
 *
 * @throws Error when the template lacks a listener or a setting that is to be replaced.
 */
export function brokerConfiguration(template: string, options: ConfigurationOptions): string {
  let text = template;
  for (const name of listenerNames()) {
    const wanted = `listener ${options.ports[name]} 127.0.0.1`;
    text = replaceLine(text, `listener ${listeners[name].port} 0.0.0.0`, wanted);
  }
  for (const [name, value] of Object.entries(options.settings ?? {})) {
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    text = line === undefined ? `${name} ${value}\n${text}` : replaceLine(text, line, `${name} ${value}`);
  }
  return text.replaceAll(templateFiles, options.files) + (options.scram ? scramListeners(options.scram) : "");
}

function scramListeners({ plugin, ports }: ScramListeners): string {
  const { username, password } = credentials;
  const lines = [
    "allow_anonymous false",
    `plugin ${plugin}`,
    `plugin_opt_username ${username}`,
    `plugin_opt_deceived ${deceivedUsername}`,
    `plugin_opt_password ${password}`,
  ];
  const tcp = [`listener ${ports.tcp} 127.0.0.1`, ...lines];
  const ws = [`listener ${ports.ws} 127.0.0.1`, "protocol websockets", "socket_domain ipv4", ...lines];
  return ["", ...tcp, "", ...ws, ""].join("\n");
}

export function listenerNames(): ListenerName[] {
  return Object.keys(listeners) as ListenerName[]; // `listeners` is a literal: its keys are the names
}

/** Makes the files that the configuration refers to: certificates for localhost, the password file, the ACL. */
export async function writeBrokerFiles(directory: string): Promise<void> {
  await Promise.all([
    writeFile(join(directory, "passwords"), `${credentials.username}:${passwordHash(credentials.password)}\n`),
    writeFile(join(directory, "acl"), `user ${credentials.username}\ntopic readwrite ${allowedRoot}/#\n`),
    writeCertificates(directory),
  ]);
}

/** What `mosquitto_passwd` writes: PBKDF2 with SHA-512. */
function passwordHash(password: string): string {
  const iterations = 101;
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, iterations, 64, "sha512");
  return `$7$${iterations}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

async function writeCertificates(directory: string): Promise<void> {
  const run = promisify(execFile);
  const openssl = (...args: string[]): Promise<unknown> => run("openssl", args, { cwd: directory });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "30",
    "-subj",
    "/CN=Rivulet test CA",
  );
  await openssl("req", "-new", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  await writeFile(
    join(directory, "server.ext"),
    "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n",
  );
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "server.ext"];
  await openssl("x509", "-req", "-in", "server.csr", ...signing, "-out", "server.crt");
}

function replaceLine(text: string, line: string, by: string): string {
  const lines = text.split("\n");
  const index = lines.indexOf(line);
  if (index < 0) throw new Error(`The broker's configuration has no line "${line}"`);
  lines[index] = by;
  return lines.join("\n");
}
