/**
 * `npm run conformance` writes packages/engine/conformance.md; with `--check` it fails where that would change it, and
 * where statements, tests and sources do not fit together.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { render } from "./conformance/document.ts";
import { readCitations } from "./conformance/files.ts";
import { problemsOf } from "./conformance/problems.ts";
import { readStatements } from "./conformance/statements.ts";
import { Suite } from "./conformance/suite.ts";
import { conclude, root } from "./lib/command.ts";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const path = join(root, "packages/engine/conformance.md");
const statements = readStatements();
const suite = await Suite.start();
const { tests, errors } = await suite.collect().finally(() => suite.close());
const problems = [...errors, ...problemsOf(statements, tests, readCitations())];
const text = await render(statements, tests);
if (!values.check) writeFileSync(path, text);
else if (readFileSync(path, "utf8") !== text) problems.push(`${path} is out of date: npm run conformance`);
const unshown = statements.filter(({ reason }) => reason !== "").length;
conclude(`${statements.length} statements, ${statements.length - unshown} for tests, ${unshown} not`, problems);
