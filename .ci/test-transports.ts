/** Runs the transport contract where vitest does not: in Deno, with and without WebSocketStream, in Bun, and in Chromium. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "../e2e/support/find-executable.ts";
import { root, run } from "./lib/command.ts";
import { add, format, noTests, ofJunit, ofTap, type Totals } from "./lib/totals.ts";

interface Suite {
  readonly name: string;
  readonly run: () => Promise<{ readonly totals: Totals; readonly succeeded: boolean; readonly output: string }>;
}

const deno = join(root, "node_modules/deno/bin.cjs");
const bun = join(root, "node_modules/.bin/bun");
const reports = join(root, ".cache/test");
const timeoutMs = 300_000;
/** The executable for servers that are to run on Node. */
process.env["NODE"] = process.execPath;

function denoSuite(name: string, ...args: readonly string[]): Suite {
  return {
    name,
    run: async () => {
      const report = join(reports, "deno.xml");
      rmSync(report, { force: true });
      const flags = [
        "--allow-all",
        "--no-check",
        "--no-lock",
        "--conditions=@rivulet/source",
        `--junit-path=${report}`,
      ];
      const result = await run(process.execPath, [deno, "test", ...flags, ...args], { timeoutMs });
      return { ...result, totals: existsSync(report) ? ofJunit(readFileSync(report, "utf8")) : noTests };
    },
  };
}

const bunSuite: Suite = {
  name: "TCP, Unix sockets and TLS in Bun",
  run: async () => {
    const script = "packages/node/testing/bun-contract.ts";
    const result = await run(bun, ["--conditions=@rivulet/source", script], { timeoutMs });
    return { ...result, totals: ofTap(result.stdout) };
  },
};

const workerdSuite: Suite = {
  name: "TCP and WebSocket in workerd",
  run: async () => {
    const script = "packages/workers/testing/workerd-contract.ts";
    const result = await run(process.execPath, ["--conditions=@rivulet/source", "--import", "tsx", script], {
      timeoutMs,
    });
    return { ...result, totals: ofTap(result.stdout) };
  },
};

const chromiumSuite: Suite = {
  name: "WebSocket in Chromium",
  run: async () => {
    process.env["CHROMIUM"] = findChromium();
    const script = "packages/websocket/testing/browser-contract.ts";
    const result = await run(process.execPath, ["--conditions=@rivulet/source", "--import", "tsx", script], {
      timeoutMs,
    });
    return { ...result, totals: ofTap(result.stdout) };
  },
};

function inDeno(name: string): string {
  return `packages/deno/testing/${name}.deno-test.ts`;
}

const webSocketInDeno = "packages/websocket/testing/web-socket.deno-test.ts";
const suites: readonly Suite[] = [
  denoSuite("TCP, Unix sockets and TLS in Deno", ...["contract", "tcp", "tls"].map(inDeno)),
  denoSuite("WebSocket in Deno", webSocketInDeno),
  denoSuite("WebSocketStream in Deno", "--unstable-net", webSocketInDeno),
  denoSuite("Disk store in Deno", "packages/rivulet/testing/disk-store.deno-test.ts"),
  bunSuite,
  workerdSuite,
  chromiumSuite,
];

mkdirSync(reports, { recursive: true });
let total = noTests;
for (const suite of suites) {
  const { totals, succeeded, output } = await suite.run();
  const hasRun = totals.passed > 0 && (succeeded || totals.failed > 0);
  const counted = hasRun ? totals : { ...totals, failed: Math.max(1, totals.failed) };
  if (!succeeded || counted.failed > 0) {
    console.log(output);
  }
  console.log(`${suite.name}: ${format(counted)}`);
  total = add(total, counted);
}
console.log(format(total));
process.exitCode = total.failed === 0 ? 0 : 1;
