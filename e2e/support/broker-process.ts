/** The two ways to run mosquitto: as a process of our own, or with Docker through the compose file. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import {
  brokerConfiguration,
  listenerNames,
  listeners,
  templatePath,
  type ConfigurationOptions,
} from "./broker-configuration.ts";

export interface BrokerProcess {
  /** The process to look at while debugging; absent where Docker runs it. */
  readonly pid?: number;
  stop(): Promise<void>;
}

/** mosquitto is up in 20 ms; one that is not by then never will be. */
const startTimeoutMs = 20_000;

/** Another process took one of the ports before the broker did. */
export class PortTakenError extends Error {
  override name = "PortTakenError";
}

export const composeFile: string = fileURLToPath(new URL("../compose.yaml", import.meta.url));

/** Starts the executable and resolves once it has said that it is running. */
export async function launchMosquitto(
  executable: string,
  options: ConfigurationOptions & { readonly heard?: (line: string) => void },
): Promise<BrokerProcess> {
  const path = join(options.files, "mosquitto.conf");
  await writeFile(path, brokerConfiguration(await readFile(templatePath, "utf8"), options));

  const child = spawn(executable, ["-c", path], { stdio: ["ignore", "pipe", "pipe"] });
  const kill = (): void => void child.kill("SIGTERM");
  process.once("exit", kill); // a test run that dies leaves no broker behind
  const exited = once(child, "exit").finally(() => process.off("exit", kill));
  exited.catch(() => undefined); // a failed start is reported below
  const log: string[] = [];
  const running = new Promise<boolean>((resolve, reject) => {
    const timer = setTimeout(kill, startTimeoutMs);
    child.once("error", reject);
    child.once("close", () => resolve(false));
    void exited.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        if (log.push(line) > 200) log.shift();
        options.heard?.(line);
        if (!/mosquitto version \S+ running/.test(line)) return;
        clearTimeout(timer);
        resolve(true);
      });
    }
  });

  if (!(await running)) {
    const said = log.join("\n");
    throw /address already in use|unable to create websockets listener/i.test(said)
      ? new PortTakenError(said)
      : new Error(`mosquitto did not start:\n${said}`);
  }
  return {
    ...(child.pid === undefined ? {} : { pid: child.pid }),
    stop: async () => {
      kill(); // does nothing to a process that has ended
      await exited;
    },
  };
}

/** Starts the service of `e2e/compose.yaml` and resolves once it is healthy. */
export async function launchCompose(project: string, options: ConfigurationOptions): Promise<BrokerProcess> {
  if (options.settings !== undefined || options.scram !== undefined)
    throw new Error("The compose file's broker has the settings of its own file only");
  const run = promisify(execFile);
  const compose = (...args: string[]): Promise<unknown> =>
    run("docker", ["compose", "--file", composeFile, "--project-name", project, ...args], {
      env: composeEnvironment(options),
    });
  try {
    await compose("up", "--detach", "--wait");
  } catch (error) {
    await compose("down", "--volumes");
    throw /port is already allocated|address already in use/i.test(String(error))
      ? new PortTakenError(String(error))
      : error;
  }
  return {
    stop: async () => {
      await compose("down", "--volumes");
    },
  };
}

/** The variables that the compose file leaves open. */
export function composeEnvironment({ ports, files }: ConfigurationOptions): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, BROKER_FILES: files };
  for (const name of listenerNames()) {
    environment[listeners[name].variable] = String(ports[name]);
  }
  return environment;
}
