import { fileURLToPath } from "node:url";

import { parseDemoArguments, usage, UsageError } from "./server/arguments.ts";
import { build, isBuildStale } from "./server/build.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs the demo until a signal or a failure ends it, and resolves with the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const options = parseDemoArguments(argv);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  // Listening from the first moment on: a Ctrl-C while things start must stop what has been started.
  const stopping = new AbortController();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        stopping.abort();
        resolve(undefined);
      });
    }
  });
  if (await isBuildStale(root)) {
    process.stdout.write("Building the packages...\n");
    await Promise.race([build(root, stopping.signal), interrupted]);
    if (stopping.signal.aborted) return 0;
  }
  // Only now: it imports the packages that were built.
  const { startDemo } = await import("./server/demo.ts");
  const demo = await startDemo({ ...options, bundlePath: `${root}packages/rivulet/dist/rivulet.umd.js` });
  process.stdout.write(`
  Page               ${demo.pageUrl}
  Broker             ${demo.broker.name} (${demo.broker.speaks})${pidText(demo.broker.pid)}
  Broker, TCP        ${demo.broker.tcpUrl}
  Broker, WebSocket  ${demo.broker.webSocketUrl}
  House              ${demo.protocol} over TCP, topics home/#

  Press Ctrl-C to stop.
`);
  const failure = await Promise.race([interrupted, demo.died]);
  process.stdout.write(failure === undefined ? "\nStopping...\n" : "");
  if (failure !== undefined) process.stderr.write(`\nThe demo ends because a part of it died: ${failure.message}\n`);
  await demo.stop();
  return failure === undefined ? 0 : 1;
}

function pidText(pid: number | undefined): string {
  return pid === undefined ? ", embedded" : `, process ${pid}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${usage}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
// Nothing is left to do: a socket that lingers must not keep the terminal waiting.
process.exit();
