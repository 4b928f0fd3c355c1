import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";

export interface WorkerdOptions {
  /** The module whose default export has `fetch`. */
  readonly entry: string;
  /** Authorities that the worker trusts, in PEM. */
  readonly ca: string;
  /** Export conditions beside `workerd`. */
  readonly conditions?: readonly string[];
}

export interface Workerd {
  /** Where the worker is reached by HTTP. */
  readonly url: string;
  /** What it has printed; warnings and stack traces. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Longer than it ever takes, in ms. */
const startTimeoutMs = 20_000;

const configuration = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (
      allow = ["public", "private", "local"],
      tlsOptions = (trustBrowserCas = false, trustedCertificates = [embed "ca.pem"]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-10-01",
);
`;

/** Bundles a worker, and starts workerd with it on a free port of the loopback interface. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const directory = await mkdtemp(join(tmpdir(), "rivulet-workerd-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await build({
      entryPoints: [options.entry],
      outfile: join(directory, "worker.js"),
      conditions: [...(options.conditions ?? []), "workerd", "worker"],
      external: ["cloudflare:sockets"],
      platform: "browser",
      format: "esm",
      target: "es2022",
      bundle: true,
      logLevel: "warning",
    });
    await writeFile(join(directory, "ca.pem"), options.ca);
    await writeFile(join(directory, "config.capnp"), configuration);
    return await launch(directory, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function launch(directory: string, remove: () => Promise<void>): Promise<Workerd> {
  const executable = createRequire(import.meta.url).resolve("workerd/bin/workerd");
  // What it says on the third descriptor is for machines: which port it has found.
  const child = spawn(executable, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  let output = "";
  const [, stdout, stderr, control] = child.stdio as unknown as [null, Readable, Readable, Readable];
  for (const stream of [stdout, stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = once(child, "exit").finally(() => process.off("exit", kill));
  const listening = new Promise<number>((resolve) => {
    createInterface(control).on("line", (line) => {
      const { event, port } = JSON.parse(line) as { event?: string; port?: number };
      if (event === "listen" && port !== undefined) resolve(port);
    });
  });
  const timer = setTimeout(kill, startTimeoutMs);
  const ended = exited.then(() => Promise.reject(new Error(`workerd did not start:\n${output}`)));
  ended.catch(() => undefined); // Also when it ends in good order, later.
  try {
    const port = await Promise.race([listening, ended]);
    return {
      url: `http://127.0.0.1:${port}/`,
      output: () => output,
      stop: async () => {
        kill();
        await exited;
        await remove();
      },
    };
  } finally {
    clearTimeout(timer);
  }
}
