import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

import type { Broker } from "./broker.ts";
import { freePorts } from "./free-port.ts";

const startAttempts = 5;
const killAfterMs = 3_000;
const keptLogLines = 20;

/** The mosquitto program, or `undefined` when none is installed. Debian keeps it in sbin, which PATH may not have. */
export async function findMosquitto(): Promise<string | undefined> {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const directory of [...directories, "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]) {
    const program = join(directory, process.platform === "win32" ? "mosquitto.exe" : "mosquitto");
    try {
      await access(program, constants.X_OK);
      return program;
    } catch {
      // Not in this directory.
    }
  }
  return undefined;
}

/** Starts mosquitto with a TCP and a WebSocket listener on free loopback ports. */
export async function startMosquitto(program: string): Promise<Broker> {
  let failure: unknown;
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    try {
      return await startOnce(program, await freePorts());
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function startOnce(program: string, [tcpPort, webSocketPort]: [number, number]): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), "rivulet-demo-"));
  const configuration = join(directory, "mosquitto.conf");
  await writeFile(configuration, configurationText(tcpPort, webSocketPort));

  // A process group of its own: Ctrl-C in the terminal then reaches only the demo, which disconnects its clients
  // before it stops the broker.
  const child = spawn(program, ["-c", configuration], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const killWithUs = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", killWithUs);
  let stopping = false;
  const log: string[] = [];
  const exited = exitOf(child).then(async (how) => {
    process.off("exit", killWithUs);
    await rm(directory, { recursive: true, force: true });
    return new Error([`mosquitto ${how}`, ...log].join("\n  "));
  });

  const version = await Promise.race([
    versionFrom(child, log),
    exited.then((error) => {
      throw error;
    }),
  ]);
  return {
    name: `mosquitto ${version}`,
    speaks: "MQTT 5.0 and 3.1.1",
    tcpUrl: `mqtt://127.0.0.1:${tcpPort}`,
    webSocketUrl: `ws://127.0.0.1:${webSocketPort}`,
    pid: child.pid,
    died: new Promise((resolve) => {
      void exited.then((error) => {
        if (!stopping) resolve(error);
      });
    }),
    async stop(): Promise<void> {
      stopping = true;
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      await exited;
      clearTimeout(kill);
    },
  };
}

function configurationText(tcpPort: number, webSocketPort: number): string {
  // socket_domain: without it a WebSocket listener of mosquitto 2.0 listens on every interface.
  // max_queued_messages 0: a slow subscriber must not look like lost messages.
  return `per_listener_settings true
persistence false
max_queued_messages 0
connection_messages false
log_dest stderr
listener ${tcpPort} 127.0.0.1
socket_domain ipv4
allow_anonymous true
listener ${webSocketPort} 127.0.0.1
protocol websockets
socket_domain ipv4
allow_anonymous true
`;
}

/** How the process ended, as the end of a sentence. Resolves also when it could not be started. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      resolve(signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`);
    });
  });
}

/** Resolves with the version when the broker says that it runs. Goes on draining the log, of which it keeps the end. */
function versionFrom(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      if (log.length > keptLogLines) log.shift();
      const running = /mosquitto version (\S+) running/.exec(line);
      if (running?.[1] !== undefined) resolve(running[1]);
    });
  });
}
