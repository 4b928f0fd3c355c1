import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build, type BuildOptions, type Plugin } from "esbuild";

import { commandOf } from "../hosts/run-command-line.ts";
import { chromiumArguments } from "../hosts/run-playwright.ts";
import { root } from "../support/bundles.ts";
import { findChromium } from "../support/find-executable.ts";
import type { RuntimeName } from "./check.ts";
import type { Order, Outcome } from "./order.ts";

/** Where checks are run; many at a time. */
export interface Runtime {
  perform(order: Order): Promise<Outcome>;
  /** Errors that nobody has handled; complete when it is closed. */
  readonly unhandled: readonly string[];
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Whether the packages' sources are run instead of what was built from them. */
  readonly fromSource: boolean;
}

const output = join(root, ".cache/e2e/surface");
const here = import.meta.dirname;
const umd = join(root, "packages/component/dist/component.umd.js");
/** What the packages load when it is there. */
const optional = ["pkijs", "asn1js", "socks", "classic-level", "ws", "@mongodb-js/saslprep", "bcrypt-pbkdf"];

/** What is not in a bundle is loaded by this, where it is no module. */
const requires =
  'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/** Beyond the time that a check may take, which the runtime itself watches over. */
const graceMs = 10_000;

/** Starts a runtime; it is started anew when it has ended, or gives no answer any more. */
export async function startRuntime(name: RuntimeName, options: RuntimeOptions): Promise<Runtime> {
  const start = (): Promise<Runtime> => (name === "browser" ? startPage(options) : startCommandLine(name, options));
  const unhandled: string[] = [];
  let current = start();
  await current;
  return {
    unhandled,
    perform: async (order) => {
      const mine = current;
      const runtime = await mine;
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name} does not answer any more`)), order.timeoutMs + graceMs);
      });
      try {
        return await Promise.race([runtime.perform(order), silence]);
      } catch (error) {
        if (current === mine) {
          unhandled.push(...runtime.unhandled);
          current = runtime.close().then(start);
        }
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    close: async () => {
      const runtime = await current;
      unhandled.push(...runtime.unhandled);
      await runtime.close();
    },
  };
}

function buildOptions(name: RuntimeName, { fromSource }: RuntimeOptions): BuildOptions {
  return {
    ...{ bundle: true, target: "es2022", logLevel: "warning", sourcemap: "inline" },
    ...(fromSource && { conditions: ["@rivulet/source", name, "module"] }),
  };
}

async function startCommandLine(name: "node" | "deno", options: RuntimeOptions): Promise<Runtime> {
  const outfile = join(output, `command-line-${name}.mjs`);
  const external = options.fromSource ? optional : ["@rivulet/*", "rivulet"];
  const entryPoints = [join(here, "command-line.ts")];
  const common = buildOptions(name, options);
  await build({
    ...common,
    ...{ entryPoints, outfile, format: "esm", external, banner: { js: requires } },
    // With "node" it would choose what is for Node.
    ...(name === "deno" && options.fromSource
      ? { platform: "neutral", external: [...external, "node:*"], mainFields: ["module", "main"] }
      : { platform: "node" }),
  });
  const [command, ...flags] = commandOf(name);
  const child = spawn(command, [...flags, outfile], {
    cwd: root,
    env: { ...withoutProxies(process.env), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", NODE_NO_WARNINGS: "1" },
  });
  child.stdin.on("error", () => undefined); // It has ended, which `close` tells.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const unhandled: string[] = [];
  const waiting = new Map<number, { resolve(outcome: Outcome): void; reject(error: Error): void }>();
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const ended = new Promise<void>((resolve) => {
    child.once("close", (code) => {
      process.off("exit", kill);
      const error = new Error(`${name} ended with ${String(code)}\n${complaints}`);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      resolve();
    });
  });
  createInterface(child.stdout).on("line", (line) => {
    const answer = parse(line);
    if ("unhandled" in answer) {
      unhandled.push(answer.unhandled);
      return;
    }
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  return {
    unhandled,
    perform: (order) =>
      new Promise((resolve, reject) => {
        waiting.set(order.id, { resolve, reject });
        child.stdin.write(`${JSON.stringify(order)}\n`);
      }),
    close: async () => {
      // What a check has left behind would keep it alive.
      kill();
      await ended;
    },
  };
}

/** All that checks reach is on this machine. */
function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(all|https?|no)_proxy$/i.test(name)));
}

function parse(line: string): Outcome | { readonly unhandled: string } {
  try {
    return JSON.parse(line) as Outcome | { readonly unhandled: string };
  } catch {
    return { unhandled: `It printed: ${line}` };
  }
}

/** The package is what its script tag has made. */
const ofScriptTag: Plugin = {
  name: "of-script-tag",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^@rivulet\/component$/ }, () => ({ path: "component", namespace: "script-tag" }));
    bundler.onLoad({ filter: /.*/, namespace: "script-tag" }, () => ({
      contents: "module.exports = globalThis.rivuletComponent;",
    }));
  },
};

async function startPage(options: RuntimeOptions): Promise<Runtime> {
  const outfile = join(output, "page.js");
  const entryPoints = [join(here, "page.ts")];
  const plugins = options.fromSource ? [] : [ofScriptTag];
  await build({
    ...buildOptions("browser", options),
    entryPoints,
    outfile,
    format: "iife",
    platform: "browser",
    plugins,
  });
  // What was built is loaded as a page loads it that has no bundler.
  const scripts = new Map([["/page.js", await readFile(outfile)]]);
  if (!options.fromSource) scripts.set("/component.umd.js", await readFile(umd));
  const tags = [...scripts.keys()].reverse().map((path) => `<script src="${path}"></script>`);
  const server = createServer((request, response) => {
    const script = scripts.get(request.url ?? "");
    response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript");
    response.end(script ?? `<!doctype html><title>surface</title>${tags.join("")}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium was not found: run `npm run setup`");
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, args: chromiumArguments });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const unhandled: string[] = [];
  page.on("pageerror", (error) => unhandled.push(error.stack ?? String(error)));
  await page.goto(`http://127.0.0.1:${port}/`);
  return {
    unhandled,
    perform: (order) => page.evaluate((each) => globalThis.performCheck(each), order),
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
