/**
 * Checks each package as the registry would get it: publint, and "Are the types wrong?"; and what `npm install rivulet`
 * would bring along.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { conclude, root, run } from "./lib/command.ts";
import { bytesOf, findInstalled, installedWith } from "./lib/install-weight.ts";
import { packAll, type PackedPackage } from "./lib/packed.ts";

/** What others have made, and bytes of all, our own packages included; 1 MB is 1,000,000 bytes. */
const installLimits = { packages: 8, bytes: 2_000_000 };

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

/** Says what an installation weighs; optional peers are not part of it. */
function weightProblems(name: string): string[] {
  const ours = new Map(packages.map((each) => [each.name, each.unpackedBytes]));
  const all = installedWith(findInstalled(name, root));
  const foreign = all.filter(({ manifest }) => !ours.has(manifest.name));
  const bytes = all
    .map(({ manifest, directory }) => ours.get(manifest.name) ?? bytesOf(directory))
    .reduce((sum, each) => sum + each, 0);
  const weight = `${foreign.length} packages of others and ${bytes} bytes`;
  console.log(`npm install ${name}: ${weight}`);
  return foreign.length > installLimits.packages || bytes > installLimits.bytes
    ? [`npm install ${name} brings ${weight}; at most ${installLimits.packages} and ${installLimits.bytes} are allowed`]
    : [];
}

const packages = await packAll("packages");
const problems = weightProblems("rivulet");
for (const published of packages) {
  problems.push(...(await publintProblems(published)), ...(await typesProblems(published)));
}
conclude(`publint and attw, ${packages.length} packages`, problems);
