import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import type { Files } from "./platform.ts";

/** Files of Node and Deno. */
export const nodeFiles: Files = {
  read: (path) => new Uint8Array(readFileSync(path)),
  write: (path, bytes) => {
    const next = `${path}.${crypto.randomUUID()}`;
    try {
      const file = openSync(next, "wx", 0o600);
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(next, path);
    } catch (error) {
      rmSync(next, { force: true });
      throw error;
    }
  },
};
