/** Checks each package as the registry would get it: publint, and "Are the types wrong?". */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { conclude, root, run } from "./lib/command.ts";
import { packAll, type PackedPackage } from "./lib/packed.ts";

async function publintProblems({ name, tarball }: PackedPackage): Promise<string[]> {
  const bytes = readFileSync(tarball);
  const archive = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: archive }, strict: true });
  return messages
    .filter(({ type }) => type !== "suggestion")
    .map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function typesProblems({ name, tarball }: PackedPackage): Promise<string[]> {
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  // Version 20 of Node is the oldest that is supported, and it can import ES modules from CommonJS.
  const args = [attw, tarball, "--profile", "esm-only", "--no-definitely-typed", "--format", "ascii", "--no-emoji"];
  const { succeeded, output } = await run(process.execPath, args);
  return succeeded ? [] : [`${name}: attw:\n${output}`];
}

const packages = await packAll("packages");
const problems: string[] = [];
for (const published of packages) {
  problems.push(...(await publintProblems(published)), ...(await typesProblems(published)));
}
conclude(`publint and attw, ${packages.length} packages`, problems);
