import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** Debian keeps servers where an ordinary user's PATH does not look. */
const systemDirectories = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];

/** The first of the names that can be run, as an absolute path. */
export function findExecutable(names: readonly string[]): string | undefined {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute), ...systemDirectories];
  const candidates = names.flatMap((name) => (isAbsolute(name) ? [name] : directories.map((each) => join(each, name))));
  return candidates.find(isExecutable);
}

export function findMosquitto(): string | undefined {
  return findExecutable(["mosquitto"]);
}

/** The browser of the tests: the one that `CHROMIUM` names, or an installed one. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  return findExecutable(named ? [named] : ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"]);
}

/** A C compiler: the one that `CC` names, or an installed one. */
export function findCompiler(): string | undefined {
  return findExecutable([process.env["CC"] || "cc", "gcc", "clang"]);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
