/** The part of a package-lock.json that is looked at. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * What makes a lock file useless elsewhere: a dependency for another platform that npm has left out, so that
 * `npm ci` fails there or here, and an address that only one network knows.
 */
export function lockProblems(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, { resolved, optionalDependencies }]) => [
    ...Object.keys(optionalDependencies ?? {})
      .filter((name) => !isLocked(lock, path, name))
      .map((name) => `${path} needs ${name}, and the lock file has no ${name}`),
    ...(resolved !== undefined && /^[a-z+]+:/i.test(resolved)
      ? [`${path} records where it came from: "resolved"`]
      : []),
  ]);
}

/** Looks where Node would: in the package's own node_modules, and then in those above it. */
function isLocked(lock: Lock, path: string, name: string): boolean {
  for (let directory = path; ; directory = parent(directory)) {
    if (`${directory === "" ? "" : `${directory}/`}node_modules/${name}` in lock.packages) {
      return true;
    }
    if (directory === "") {
      return false;
    }
  }
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("node_modules/") - 1));
}
