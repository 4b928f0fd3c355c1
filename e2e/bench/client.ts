/**
 * Measures the client against MQTT.js in the same run, over loopback: against a sink and source that only answers what it
 * must, and against mosquitto. Each run is a process of its own that warms up first; the two take turns.
 *
 *     npm run bench:client                             prints the table, and fails where a target is missed
 *     npm run bench:client -- --quick                  is over in a minute or two, and is noisy
 *     npm run bench:client -- --case "QoS 1"           only the cases whose name has that in it
 *     npm run bench:client -- --no-check               only prints
 *     npm run bench:client -- --protocol 5             MQTT 5.0 instead of 3.1.1, which is what the targets are about
 *     npm run bench:client -- --library component      the class MQTT instead of MqttClient
 *     npm run bench:client -- --profile DIRECTORY      writes CPU profiles of our runs (and slows them)
 */
import { parseArgs } from "node:util";
import { startBroker } from "../support/broker.ts";
import { clientCases, type ClientCase } from "./client/cases.ts";
import { formatClientResults, summarize, type ClientResult, type Round } from "./client/results.ts";
import { bundleRun, runSubject, startPeer } from "./client/run.ts";
import { ourLibraryNames, type LibraryName, type OurLibraryName } from "./client/task.ts";

const { values } = parseArgs({
  options: {
    case: { type: "string", default: "" },
    library: { type: "string", default: "rivulet" },
    "no-check": { type: "boolean", default: false },
    profile: { type: "string" },
    protocol: { type: "string", default: "4" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const cpuSeconds = values.quick ? 0.3 : 0.6;
const protocolVersion = values.protocol === "5" ? 5 : 4;
const ours = ourLibrary(values.library);

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => process.exit(code)); // what was started is ended on exit
}

const cases = clientCases.filter(
  ({ name, peer, componentTarget }) =>
    `${peer}: ${name}`.includes(values.case) && (ours === "rivulet" || componentTarget !== undefined),
);
const results: ClientResult[] = [];
await bundleRun();
const peer = await startPeer();
try {
  for (const each of cases) {
    results.push(summarize(each, ours, await runCase(each)));
    process.stderr.write(".");
  }
} finally {
  peer.stop();
}
report();

async function runCase(benchCase: ClientCase): Promise<Round[]> {
  // A broker of its own: an earlier one may still be busy with what it was flooded with.
  const broker = benchCase.peer === "mosquitto" ? await startBroker() : undefined;
  const url = broker?.urls.tcp ?? (benchCase.peer === "sink" ? peer.tcp : peer.ws);
  try {
    const done: Round[] = [];
    while (done.length < rounds) done.push(await runRound(benchCase, url, done.length));
    return done;
  } finally {
    await broker?.stop();
  }
}

async function runRound({ task }: ClientCase, url: string, round: number): Promise<Round> {
  const profiling = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const run = (library: LibraryName): ReturnType<typeof runSubject> =>
    runSubject(
      { library, url, protocolVersion, cpuSeconds, task },
      { peer, nodeOptions: library === ours ? profiling : [] },
    );
  if (round % 2 === 1) return { ours: await run(ours), "mqtt.js": await run("mqtt.js") };
  return { "mqtt.js": await run("mqtt.js"), ours: await run(ours) };
}

function report(): void {
  console.log(`\n${formatClientResults(ours, results)}`);
  const version = protocolVersion === 5 ? "5.0" : "3.1.1";
  console.log(`Node ${process.version}, MQTT ${version}, 64 B where nothing else is said, ${rounds} rounds, medians`);
  const missed = results.filter(({ met }) => met === false);
  if (missed.length > 0) console.log(`Missed: ${missed.map(({ name }) => name).join("; ")}`);
  if (!values["no-check"] && (missed.length > 0 || results.length === 0)) process.exitCode = 1;
}

function ourLibrary(given: string): OurLibraryName {
  const name = ourLibraryNames.find((each) => each === given);
  if (name === undefined) throw new Error(`--library is one of ${ourLibraryNames.join(", ")}, not "${given}"`);
  return name;
}
