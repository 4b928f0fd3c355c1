import { accessSync, constants, existsSync, readdirSync } from "node:fs";
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

/** The one that `FIREFOX` names, or an installed one. */
export function findFirefox(): string | undefined {
  const named = process.env["FIREFOX"];
  return findExecutable(named ? [named] : ["firefox-esr", "firefox"]);
}

/** WebKitGTK's browser for tests, which stands where no PATH leads. */
export function findMiniBrowser(): string | undefined {
  const named = process.env["MINIBROWSER"];
  const places = ["/usr/lib", "/usr/libexec"].filter((place) => existsSync(place));
  const directories = places.flatMap((place) => [place, ...readdirSync(place).map((name) => join(place, name))]);
  const candidates = directories.flatMap((directory) =>
    ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"].map((name) => join(directory, name, "MiniBrowser")),
  );
  return findExecutable(named ? [named] : candidates);
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
