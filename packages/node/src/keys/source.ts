import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidOptionError, type TlsSource } from "@rivulet/engine";
import { maxDirectoryFiles, maxFileBytes } from "./limits.ts";
import { invalid, type Material } from "./problems.ts";

/** What the system's error codes mean, as the second half of a sentence. */
const meanings: ReadonlyMap<unknown, string> = new Map([
  ["EACCES", "permission denied"],
  ["EISDIR", "it is a directory"],
  ["ELOOP", "too many symbolic links"],
  ["EMFILE", "this process has too many open files"],
  ["ENAMETOOLONG", "its name is too long"],
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "a part of its path is not a directory"],
  ["EPERM", "not permitted"],
]);

/** Gets hold of the bytes of text, bytes or a file. */
export async function readSource(source: TlsSource, option: string): Promise<Material> {
  const value: unknown = source;
  if (typeof value === "string") return checkSize({ bytes: Buffer.from(value), option, label: option });
  if (value instanceof Uint8Array) return checkSize({ bytes: value, option, label: option });
  const file = isRecord(value) ? value["file"] : undefined;
  if (typeof file !== "string" && !(file instanceof URL)) {
    throw new InvalidOptionError(option, `${option} must be text, bytes, or { file } with a path or a file: URL`);
  }
  return readFile(toPath(file, option), option, `${option} (file ${String(file)})`);
}

/** Gets hold of the files of a directory whose names `isWanted`, in the order of their names. */
export async function readDirectory(
  directory: string | URL,
  option: string,
  isWanted: (name: string) => boolean,
): Promise<Material[]> {
  const label = `${option} (directory ${String(directory)})`;
  const path = toPath(directory, option);
  const names = await readdir(path).catch((error: unknown) => {
    throw unreadable(option, label, error);
  });
  const wanted = names.filter(isWanted).sort();
  if (wanted.length > maxDirectoryFiles) {
    throw new InvalidOptionError(option, `${label} has more than ${maxDirectoryFiles} files`);
  }
  const materials: Material[] = [];
  for (const name of wanted) {
    const file = join(path, name);
    // A directory of that name, or a link to nowhere, is not what anybody meant.
    const isFile = await stat(file).then((found) => found.isFile(), never);
    if (isFile) materials.push(await readFile(file, option, `${option} (file ${name} of ${String(directory)})`));
  }
  return materials;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toPath(file: string | URL, option: string): string {
  if (typeof file === "string" && !file.startsWith("file:")) {
    if (file !== "" && !file.includes("\0")) return file;
    throw new InvalidOptionError(option, `${option} names a file that cannot exist`);
  }
  try {
    return fileURLToPath(file);
  } catch {
    throw new InvalidOptionError(option, `${option} has a URL that is not one of a file`);
  }
}

async function readFile(path: string, option: string, label: string): Promise<Material> {
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for whoever writes it.
    if (!(await stat(path)).isFile()) {
      throw new InvalidOptionError(option, `${label} cannot be read: it is not a regular file`);
    }
    handle = await open(path);
    const { size } = await handle.stat();
    if (size > maxFileBytes) throw tooLarge(option, label);
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await handle.read(bytes, length, size - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return checkSize({ bytes: bytes.subarray(0, length), option, label });
  } catch (error) {
    throw error instanceof InvalidOptionError ? error : unreadable(option, label, error);
  } finally {
    await handle?.close();
  }
}

function checkSize(material: Material): Material {
  if (material.bytes.length === 0) throw invalid(material, "is empty");
  if (material.bytes.length > maxFileBytes) throw tooLarge(material.option, material.label);
  return material;
}

function tooLarge(option: string, label: string): InvalidOptionError {
  return new InvalidOptionError(option, `${label} has more than ${maxFileBytes} bytes`);
}

function unreadable(option: string, label: string, cause: unknown): InvalidOptionError {
  const code: unknown = isRecord(cause) ? cause["code"] : undefined;
  const why = meanings.get(code) ?? (typeof code === "string" ? code : "the system does not say why");
  return new InvalidOptionError(option, `${label} cannot be read: ${why}`, { cause });
}

function never(): boolean {
  return false;
}
