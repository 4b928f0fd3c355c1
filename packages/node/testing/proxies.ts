/** Real proxies for a test, each on a free port of the loopback interface: Debian's, and the one that ssh has in it. */

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

export interface RunningProxy {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** What it has said until now. */
  log(): string;
  /** Ends the process by its identifier, waits until it is gone and removes its files. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the proxy asks for. Default: it asks for nothing. */
export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/** SOCKS5, with names. */
export function startMicrosocks(credentials?: ProxyCredentials): Promise<RunningProxy> {
  const executable = findExecutable("microsocks", "microsocks");
  const login = credentials === undefined ? [] : ["-u", credentials.username, "-P", credentials.password];
  return start(async ({ port }) => [{ executable, args: ["-i", "127.0.0.1", "-p", String(port), ...login], port }]);
}

/** SOCKS4 and SOCKS5, with names. For passwords it would need users of the system. */
export function startDante(): Promise<RunningProxy> {
  const executable = findExecutable("danted", "dante-server");
  return start(async ({ port, files }) => {
    const configuration = join(files, "danted.conf");
    const anybody = "from: 127.0.0.0/8 to: 0.0.0.0/0";
    await writeFile(
      configuration,
      [
        "logoutput: stderr",
        "errorlog: stderr",
        `internal: 127.0.0.1 port = ${port}`,
        "external: 127.0.0.1",
        "clientmethod: none",
        "socksmethod: none",
        `user.privileged: ${userInfo().username}`,
        `user.unprivileged: ${userInfo().username}`,
        `client pass { ${anybody} }`,
        `socks block { ${anybody} port = 9 command: connect }`,
        `socks pass { ${anybody} command: connect }`,
        "",
      ].join("\n"),
    );
    return [{ executable, args: ["-f", configuration, "-p", join(files, "danted.pid"), "-N", "1"], port }];
  });
}

/** HTTP CONNECT. */
export function startTinyproxy(credentials?: ProxyCredentials): Promise<RunningProxy> {
  const executable = findExecutable("tinyproxy", "tinyproxy");
  return start(async ({ port, files }) => {
    const configuration = join(files, "tinyproxy.conf");
    const login = credentials === undefined ? [] : [`BasicAuth ${credentials.username} ${credentials.password}`];
    await writeFile(
      configuration,
      [`Port ${port}`, "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60", "LogLevel Connect", ...login, ""].join(
        "\n",
      ),
    );
    return [{ executable, args: ["-d", "-c", configuration], port }];
  });
}

/** SOCKS4, 4a and 5, with names: `ssh -D` to an sshd of its own. */
export function startSshProxy(): Promise<RunningProxy> {
  const daemon = findExecutable("sshd", "openssh-server");
  const client = findExecutable("ssh", "openssh-client");
  const keygen = findExecutable("ssh-keygen", "openssh-client");
  return start(async ({ port, files }) => {
    const daemonPort = await freePort();
    const [hostKey, userKey, configuration] = ["host-key", "user-key", "sshd.conf"].map((name) => join(files, name));
    if (hostKey === undefined || userKey === undefined || configuration === undefined) throw new Error("unreachable");
    for (const path of [hostKey, userKey]) {
      await promisify(execFile)(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    }
    await writeFile(
      configuration,
      [
        `Port ${daemonPort}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${hostKey}`,
        `AuthorizedKeysFile ${userKey}.pub`,
        `PidFile ${join(files, "sshd.pid")}`,
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin prohibit-password",
        "",
      ].join("\n"),
    );
    // As root it insists on this directory, which belongs to the service that does not run here.
    if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const options = [
      ...["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"],
      ...["BatchMode=yes", "ExitOnForwardFailure=yes", "LogLevel=ERROR"],
    ].flatMap((option) => ["-o", option]);
    const server = `${userInfo().username}@127.0.0.1`;
    return [
      { executable: daemon, args: ["-D", "-e", "-f", configuration], port: daemonPort },
      {
        executable: client,
        args: [
          "-F",
          "none",
          "-i",
          userKey,
          ...options,
          "-p",
          String(daemonPort),
          "-N",
          "-D",
          `127.0.0.1:${port}`,
          server,
        ],
        port,
      },
    ];
  });
}

interface Command {
  readonly executable: string;
  readonly args: readonly string[];
  /** Where it listens when it is up. */
  readonly port: number;
}

/** Somebody else may take a free port first: then the process ends, and others are tried. */
const attempts = 5;

const startTimeoutMs = 20_000;

async function start(
  prepare: (place: { readonly port: number; readonly files: string }) => Promise<readonly Command[]>,
): Promise<RunningProxy> {
  for (let attempt = 1; ; attempt++) {
    const files = await mkdtemp(join(tmpdir(), "rivulet-proxy-"));
    const port = await freePort();
    const lines: string[] = [];
    const running: OwnProcess[] = [];
    const stop = async (): Promise<void> => {
      for (const one of running.reverse()) await one.stop();
      rmSync(files, { recursive: true, force: true });
    };
    try {
      for (const command of await prepare({ port, files })) running.push(await launch(command, lines));
      return { host: "127.0.0.1", port, log: () => lines.join(""), stop, [Symbol.asyncDispose]: stop };
    } catch (error) {
      await stop();
      if (attempt === attempts) throw error;
    }
  }
}

interface OwnProcess {
  stop(): Promise<void>;
}

/** Resolves once the process accepts connections. */
async function launch({ executable, args, port }: Command, lines: string[]): Promise<OwnProcess> {
  const child = spawn(executable, args, { stdio: ["ignore", "pipe", "pipe"] });
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill); // a test run that dies leaves no proxy behind
  const ended = whenEnded(child).finally(() => process.off("exit", kill));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      lines.push(text);
      if (lines.length > 200) lines.shift();
    });
  }
  const stop = async (): Promise<void> => {
    kill();
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!(await accepts(port))) {
    const isOver = await Promise.race([ended.then(() => true), pause(20)]);
    if (isOver || Date.now() > deadline) {
      await stop();
      throw new Error(`${executable} did not start:\n${lines.join("")}`);
    }
  }
  return { stop };
}

/** When it has ended, or could not even be started. */
function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
      server.close(() => resolve(port));
    });
  });
}

/** Debian keeps servers where an ordinary user's PATH does not look. */
function findExecutable(name: string, debianPackage: string): string {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/usr/bin"];
  const found = directories.map((directory) => join(directory, name)).find(isExecutable);
  if (found === undefined) {
    throw new Error(`${name} is not installed: apt-get install -y --no-install-recommends ${debianPackage}`);
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
