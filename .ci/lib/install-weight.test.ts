import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bytesOf, findInstalled, installedWith, readInstalled, type InstallManifest } from "./install-weight.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "install-weight-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function install(path: string, manifest: Omit<InstallManifest, "name"> = {}): string {
  const directory = join(root, "node_modules", path);
  mkdirSync(directory, { recursive: true });
  const name = path.split("node_modules/").at(-1);
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name, ...manifest }));
  return directory;
}

describe("installedWith", () => {
  it("follows what npm installs, and no optional peer", () => {
    install("a", {
      dependencies: { b: "1", "@scope/c": "1" },
      peerDependencies: { peer: "1", missing: "1" },
      peerDependenciesMeta: { missing: { optional: true } },
    });
    install("b", { optionalDependencies: { d: "1" }, dependencies: { "@scope/c": "1" } });
    install("@scope/c", { dependencies: { b: "1" } }); // A circle.
    for (const name of ["d", "peer", "unrelated"]) install(name);
    const names = installedWith(findInstalled("a", root)).map(({ manifest: { name } }) => name);
    expect(names).toEqual(["a", "b", "@scope/c", "d", "peer"]);
  });

  it("takes the package that is nearest, and counts both of two versions", () => {
    install("a", { dependencies: { b: "1", c: "1" } });
    install("b", { dependencies: { c: "2" } });
    const near = install("b/node_modules/c");
    const far = install("c");
    const directories = installedWith(findInstalled("a", root)).map(({ directory }) => directory);
    expect(directories).toContain(near);
    expect(directories).toContain(far);
  });

  it("throws where something is not installed", () => {
    const directory = install("a", { dependencies: { gone: "1" } });
    expect(() => installedWith(readInstalled(directory))).toThrow(/^gone, which .* needs, is not installed$/);
  });
});

it("bytesOf counts all files but those of packages within", () => {
  const directory = install("a");
  const own = bytesOf(directory);
  mkdirSync(join(directory, "dist"));
  writeFileSync(join(directory, "dist/mod.js"), "12345");
  install("a/node_modules/b");
  expect(bytesOf(directory)).toBe(own + 5);
});
