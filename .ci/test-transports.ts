/** Runs the transport contract where vitest does not: in Deno, with and without WebSocketStream, and in Chromium. */
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
const reports = join(root, ".cache/test");
const timeoutMs = 300_000;

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

const webSocketInDeno = "packages/websocket/testing/web-socket.deno-test.ts";
const suites: readonly Suite[] = [
  denoSuite("TCP in Deno", "packages/deno/testing/tcp.deno-test.ts"),
  denoSuite("WebSocket in Deno", webSocketInDeno),
  denoSuite("WebSocketStream in Deno", "--unstable-net", webSocketInDeno),
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
