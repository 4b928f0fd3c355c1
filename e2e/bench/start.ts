/**
 * Measures how long a program on Node waits for the client at its start, against MQTT.js: each run is a process of its own
 * that imports what was built, as an installed one; the two take turns.
 *
 *     npm run build && npm run bench:start    prints the table, and fails where a target is missed
 *     npm run bench:start -- --rounds 51      instead of 21
 *     npm run bench:start -- --no-check       only prints
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { parseArgs, promisify } from "node:util";
import { isBuilt, root } from "../support/bundles.ts";
import { CannedAnswers } from "./client/canned-answers.ts";
import { formatStartResults, summarizeStart, type Start, type StartLibrary } from "./start/results.ts";
import type { StartResult, StartRound } from "./start/results.ts";

interface StartCase {
  readonly name: string;
  /** JavaScript, for each library; `url` is where a server is. */
  readonly scripts: Readonly<Record<StartLibrary, string>>;
  /** The part of MQTT.js's CPU time that is not to be exceeded; a row without one is there to be seen. */
  readonly targetRatio?: number;
}

const startCases: readonly StartCase[] = [
  {
    name: "import",
    scripts: { rivulet: 'await import("rivulet");', "mqtt.js": 'await import("mqtt");' },
    targetRatio: 0.174, // 15 ms on a machine where MQTT.js takes 86.
  },
  {
    name: "import, and connect over TCP",
    scripts: {
      rivulet: 'const { connect } = await import("rivulet"); await connect(url);',
      "mqtt.js": 'const { default: mqtt } = await import("mqtt"); await mqtt.connectAsync(url);',
    },
  },
];

const { values } = parseArgs({
  options: { "no-check": { type: "boolean", default: false }, rounds: { type: "string", default: "21" } },
});
const rounds = Number(values.rounds);

if (!isBuilt()) console.error('What is measured is missing or older than its sources; "npm run build" makes it anew');
const server = createServer({ noDelay: true }, (socket) => {
  const answers = new CannedAnswers({
    write: (bytes) => socket.write(bytes),
    stopReading: () => socket.pause(),
    end: () => socket.end(),
  });
  socket.on("data", (chunk) => answers.received(chunk));
  socket.on("error", () => socket.destroy()); // A process that was measured just goes.
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`; // Listening on TCP.
const results: StartResult[] = [];
for (const each of startCases) {
  results.push(summarizeStart(each.name, each.targetRatio, await runCase(each)));
  process.stderr.write(".");
}
server.close();
report();

async function runCase({ scripts }: StartCase): Promise<StartRound[]> {
  const run = (library: StartLibrary): Promise<Start> => runProcess(scripts[library]);
  // Not counted: the files are in memory then, for both.
  await run("rivulet");
  await run("mqtt.js");
  const done: StartRound[] = [];
  while (done.length < rounds) {
    if (done.length % 2 === 1) done.push({ rivulet: await run("rivulet"), "mqtt.js": await run("mqtt.js") });
    else done.push({ "mqtt.js": await run("mqtt.js"), rivulet: await run("rivulet") });
  }
  return done;
}

async function runProcess(script: string): Promise<Start> {
  const measured = `
    const url = ${JSON.stringify(url)};
    const before = process.cpuUsage();
    const begin = performance.now();
    ${script}
    const wallMs = performance.now() - begin;
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs }), () => process.exit());`;
  const options = { cwd: root, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", measured], options);
  return JSON.parse(stdout) as Start;
}

function report(): void {
  console.log(`\n${formatStartResults(results)}`);
  console.log(`Node ${process.version}, ${rounds} rounds, medians; CPU time of all threads`);
  const missed = results.filter(({ met }) => met === false);
  if (!values["no-check"] && missed.length > 0) process.exitCode = 1;
}
