import { readFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, root } from "./lib/command.ts";
import { lockProblems, type Lock } from "./lib/lock.ts";

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
conclude(`package-lock.json, ${Object.keys(lock.packages).length} packages`, lockProblems(lock));
