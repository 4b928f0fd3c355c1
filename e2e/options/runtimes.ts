import { chromium } from "@playwright/test";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

import { startWorkerd } from "../../packages/workers/testing/workerd-process.ts";
import { chromiumArguments } from "../hosts/run-playwright.ts";
import { commandOf, type CommandLineRuntime } from "../hosts/run-command-line.ts";
import { root } from "../support/bundles.ts";
import { findChromium } from "../support/find-executable.ts";
import type { Outcome, Specification } from "./specification.ts";

/** Where a check is run. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Schemes of URLs that it opens: a server of MQTT over plain TCP, or of WebSocket. */
  readonly carries: "tcp" | "ws";
  /** Whether TLS is not the platform's own affair. */
  readonly tellsOfTls: boolean;
  perform(specification: Specification): Promise<Outcome>;
  close(): Promise<void>;
}

export const runtimeNames = ["node", "bun", "deno", "workerd", "chromium"] as const;
export type RuntimeName = (typeof runtimeNames)[number];

const output = join(root, ".cache/e2e/options");
const common = { bundle: true, target: "es2022", logLevel: "warning", sourcemap: "inline" } as const;
const here = import.meta.dirname;

export interface RuntimeOptions {
  /** For those with a command line. */
  readonly environment?: Readonly<Record<string, string>>;
  /** An authority that those trust of which nobody can ask it by an option, in PEM. */
  readonly ca: string;
}

/** Starts a runtime. */
export async function startRuntime(name: RuntimeName, { environment = {}, ca }: RuntimeOptions): Promise<Runtime> {
  if (name === "chromium") return startPage();
  return name === "workerd" ? startWorker(ca) : startCommandLine(name, environment);
}

async function startCommandLine(
  name: CommandLineRuntime,
  environment: Readonly<Record<string, string>>,
): Promise<Runtime> {
  const outfile = join(output, "command-line.mjs");
  const entryPoints = [join(here, "command-line.ts")];
  await build({ ...common, entryPoints, outfile, format: "esm", platform: "node", external: ["rivulet"] });
  const [command, ...flags] = commandOf(name);
  const child: ChildProcessWithoutNullStreams = spawn(command, [...flags, outfile], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...environment },
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<never>((_, reject) => {
    child.once("close", (code) => {
      process.off("exit", kill);
      reject(new Error(`${name} ended with ${String(code)}\n${complaints}`));
    });
  });
  ended.catch(() => undefined);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    name,
    carries: "tcp",
    tellsOfTls: true,
    perform: async (specification) => {
      child.stdin.write(`${JSON.stringify(specification)}\n`);
      const line = await Promise.race([lines.next(), ended]);
      return JSON.parse(line.done === true ? "" : line.value) as Outcome;
    },
    close: async () => {
      child.stdin.end();
      await ended.catch(() => undefined);
    },
  };
}

async function startWorker(ca: string): Promise<Runtime> {
  const workerd = await startWorkerd({ entry: join(here, "cloudflare-worker.ts"), ca });
  return {
    name: "workerd",
    carries: "tcp",
    tellsOfTls: false,
    perform: async (specification) => {
      const response = await fetch(workerd.url, { method: "POST", body: JSON.stringify(specification) });
      return (await response.json()) as Outcome;
    },
    close: () => workerd.stop(),
  };
}

async function startPage(): Promise<Runtime> {
  const outfile = join(output, "page.js");
  await build({ ...common, entryPoints: [join(here, "page.ts")], outfile, format: "iife", platform: "browser" });
  const script = await readFile(outfile);
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : '<!doctype html><title>options</title><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium was not found: run `npm run setup`");
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: chromiumArguments });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  return {
    name: "chromium",
    carries: "ws",
    tellsOfTls: false,
    perform: (specification) => page.evaluate((each) => globalThis.performHere(each), specification),
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
