import { appendFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import type { TLSSocket } from "node:tls";
import { InvalidOptionError } from "@rivulet/engine";

/** Whoever can read the file can read the connections. */
const mode = 0o600;

/**
 * Makes sure that secrets can be written down.
 *
 * @throws InvalidOptionError when the file cannot be written.
 */
export async function openKeyLog(file: string | URL): Promise<void> {
  try {
    await appendFile(toPath(file), "", { mode });
  } catch (cause) {
    throw cannotWrite(cause);
  }
}

/** Appends the secrets of a connection to a file, in NSS key log format. */
export function writeKeyLog(socket: TLSSocket, file: string | URL): void {
  socket.on("keylog", (line: Buffer) => {
    try {
      // At once: the lines of several connections must not be mixed.
      appendFileSync(toPath(file), line, { mode });
    } catch (cause) {
      socket.destroy(cannotWrite(cause));
    }
  });
}

function toPath(file: string | URL): string | URL {
  return typeof file === "string" && file.startsWith("file:") ? new URL(file) : file;
}

function cannotWrite(cause: unknown): InvalidOptionError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "the system does not say why";
  return new InvalidOptionError("tls.keyLogFile", `The file of tls.keyLogFile cannot be written: ${code}`, { cause });
}
