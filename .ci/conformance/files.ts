import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../lib/command.ts";
import { citationsOf, type FileCitations } from "./citations.ts";

/** The files of the packages that end so, from the top of the repository, in order. */
export function filesOf(end: string): string[] {
  const entries = readdirSync(join(root, "packages"), { recursive: true, withFileTypes: true });
  return entries
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((file) => /^packages\/[^/]+\/(src|conformance)\//.test(file) && file.endsWith(end))
    .sort();
}

/** What the sources cite, file by file. */
export function readCitations(): FileCitations[] {
  const sources = filesOf(".ts").filter((file) => file.includes("/src/") && !file.endsWith(".test.ts"));
  return sources.map((file) => citationsOf(file, readFileSync(join(root, file), "utf8")));
}
