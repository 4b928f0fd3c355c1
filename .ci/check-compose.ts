/**
 * Checks e2e/compose.yaml, also where no Docker can run it: it has to give people the broker of the tests, on this
 * machine only.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { composeFile } from "../e2e/support/broker-process.ts";
import { listenerNames, listeners, templateFiles, templatePath } from "../e2e/support/broker-configuration.ts";
import { conclude, root, run } from "./lib/command.ts";
import { composeProblems } from "./lib/compose.ts";

const problems = composeProblems(parse(readFileSync(composeFile, "utf8")), {
  image: /^eclipse-mosquitto:2\.\d+(\.\d+)?$/,
  configuration: templatePath,
  resolve: (source) => resolve(dirname(composeFile), source),
  files: templateFiles,
  ports: listenerNames().map((name) => listeners[name]),
});
if (!existsSync(templatePath)) {
  problems.push(`There is no ${templatePath}`);
}
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
if (scripts["broker:files"] === undefined) {
  problems.push('package.json has no script "broker:files", which the compose file names');
}

const docker = await run("docker", ["compose", "version"]);
if (docker.succeeded) {
  const { succeeded, output } = await run("docker", ["compose", "--file", composeFile, "config", "--quiet"]);
  if (!succeeded) {
    problems.push(output);
  }
}
conclude(`e2e/compose.yaml${docker.succeeded ? ", also by Docker" : ""}`, problems);
