import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";

const optional = ["socks", "@noble/hashes/argon2.js", "bcrypt-pbkdf", "classic-level", "pkijs", "asn1js"];

it.each(["mod.ts", "certificates.ts", "disk-store.ts"])(
  "%s goes into a bundle without optional packages",
  async (entry) => {
    const { errors, outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
      alias: Object.fromEntries(optional.map((name) => [name, "no-such-package"])),
      ...{ bundle: true, write: false, platform: "node", format: "esm", outdir: "bundle" },
      ...{ conditions: ["@rivulet/source"], logLevel: "silent" },
    });
    expect(errors).toEqual([]);
    expect(outputFiles).toHaveLength(1);
  },
);
