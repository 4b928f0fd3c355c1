/**
 * Tests the examples of the documentation: the `ts` blocks of the READMEs and of the comments in the sources. Each is
 * compiled. One that says what it prints (`// => value`), or that connects to a broker on this machine, is also
 * executed, with a broker of its own, and has to end by itself; `ts no-run` keeps one from being executed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBroker } from "../e2e/support/broker.ts";
import { publishedPackages } from "./build/package-entries.ts";
import {
  examplesOfMarkdown,
  examplesOfSource,
  expectedOutput,
  isExpectedOutput,
  needsBroker,
  withBroker,
  type Example,
} from "./docs/examples.ts";
import { root, run } from "./lib/command.ts";

interface Outcome {
  readonly kind: "compiled" | "executed" | "failed";
  readonly text: string;
}

const directory = join(root, ".cache/examples");
const timeoutMs = 20_000;

function findExamples(): Example[] {
  const files = readdirSync(join(root, "packages"), { recursive: true, encoding: "utf8" }).map(
    (file) => `packages/${file}`,
  );
  const readmes = ["README.md", ...files.filter((file) => /^packages\/[^/]+\/(README|TO-MQTTCLIENT)\.md$/.test(file))];
  const markdown = readmes.filter((file) => existsSync(join(root, file)));
  const sources = files.filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts"));
  const read = (file: string): string => readFileSync(join(root, file), "utf8");
  return [
    ...markdown.sort().flatMap((file) => examplesOfMarkdown(file, read(file))),
    ...sources.sort().flatMap((file) => examplesOfSource(file, read(file))),
  ];
}

function fileName({ file, line }: Example): string {
  return `${file.replaceAll(/[^\w.]/g, "-")}.${line}.ts`;
}

/** Writes the code in the very lines where it stands in the document, so that a compiler's message fits. */
function write(example: Example, name: string, code: string): void {
  writeFileSync(join(directory, name), `${"\n".repeat(example.line - 1)}${code}\n\nexport {};\n`);
}

/** Compiles all examples at once; returns what the compiler says of each, by the name of its file. */
async function compile(examples: readonly Example[]): Promise<Map<string, string>> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const example of examples) {
    write(example, fileName(example), example.code);
  }
  const project = {
    extends: "../../.ci/tsconfig.base.json",
    compilerOptions: { incremental: false, noUnusedLocals: false, noUnusedParameters: false },
    include: ["*.ts"],
    references: publishedPackages(root).map((published) => ({ path: published.directory })),
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(project, null, 2));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { succeeded, output } = await run(process.execPath, [tsc, "--build", directory, "--pretty", "false"]);
  const messages = new Map<string, string>();
  for (const example of examples) {
    const name = fileName(example);
    const own = output.split("\n").filter((line) => line.includes(`.cache/examples/${name}(`));
    if (own.length > 0) {
      messages.set(name, own.map((line) => line.replace(`.cache/examples/${name}`, example.file)).join("\n"));
    }
  }
  if (!succeeded && messages.size === 0) {
    throw new Error(`The examples cannot be compiled:\n${output}`);
  }
  return messages;
}

async function execute(example: Example): Promise<Outcome> {
  const expected = expectedOutput(example.code);
  const name = `run-${fileName(example)}`;
  const place = `${example.file}:${example.line}`;
  await using broker = needsBroker(example.code) ? await startBroker() : undefined;
  write(example, name, broker === undefined ? example.code : withBroker(example.code, broker.urls));
  const args = ["--conditions=@rivulet/source", "--import", "tsx", join(directory, name)];
  const { succeeded, stdout, output } = await run(process.execPath, args, { timeoutMs });
  if (!succeeded) {
    return { kind: "failed", text: `${place}: it does not run:\n${output}` };
  }
  if (!isExpectedOutput(expected, stdout)) {
    return { kind: "failed", text: `${place}: it should print\n${expected.join("\n")}\nand prints\n${stdout}` };
  }
  return { kind: "executed", text: place };
}

async function outcomeOf(example: Example, message: string | undefined): Promise<Outcome> {
  if (message !== undefined) {
    return { kind: "failed", text: message };
  }
  const isRunnable = expectedOutput(example.code).length > 0 || needsBroker(example.code);
  return isRunnable && !example.isCompiledOnly
    ? execute(example)
    : { kind: "compiled", text: `${example.file}:${example.line}` };
}

const examples = findExamples();
const messages = await compile(examples);
const outcomes: Outcome[] = [];
for (const example of examples) {
  const outcome = await outcomeOf(example, messages.get(fileName(example)));
  outcomes.push(outcome);
  console.log(`${outcome.kind.padEnd(9)} ${outcome.text}`);
}
const count = (kind: Outcome["kind"]): number => outcomes.filter((outcome) => outcome.kind === kind).length;
console.log(`${count("compiled")} compiled, ${count("executed")} compiled and executed`);
console.log(`${count("compiled") + count("executed")} passed, ${count("failed")} failed, 0 skipped`);
process.exitCode = count("failed") === 0 ? 0 : 1;
