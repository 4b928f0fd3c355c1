import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of component-surface.tsv: something that the class has to have. */
export interface SurfaceRow {
  readonly kind: "property" | "method" | "event" | "config" | "error";
  /** As checks name it: "property clean_session", "config MQTT/LogLevel", "error TCP/IP/10054". */
  readonly title: string;
  /** With underscores. */
  readonly name: string;
  /** As it is written in TypeScript. */
  readonly typescript: string;
  /** The type of a property or setting, the signature of a method or event. */
  readonly type: string;
  /** Of settings and errors. */
  readonly group: string | undefined;
  /** Whether it is a list's: it takes an index. */
  readonly isIndexed: boolean;
  readonly isReadOnly: boolean;
  /** As it stands there; "" where there is none. */
  readonly default: string;
}

/** All rows, in the order of the table. */
export function readSurface(): SurfaceRow[] {
  const text = readFileSync(join(import.meta.dirname, "component-surface.tsv"), "utf8");
  const [, ...lines] = text.split(/\r?\n/).filter((line) => line !== "");
  return lines.map(parseRow);
}

function parseRow(line: string): SurfaceRow {
  const [kind = "", name = "", typescript = "", type = "", groupOrShape = "", access = "", value = ""] =
    line.split("\t");
  if (!isKind(kind)) throw new Error(`There is no kind "${kind}"`);
  const isProperty = kind === "property";
  const group = isProperty || groupOrShape === "" ? undefined : groupOrShape;
  return {
    ...{ kind, name, typescript, type, group },
    title: `${kind} ${group === undefined ? "" : `${group}/`}${name}`,
    isIndexed: isProperty ? groupOrShape === "indexed" : name.endsWith("[i]"),
    isReadOnly: access === "read-only",
    default: value,
  };
}

function isKind(text: string): text is SurfaceRow["kind"] {
  return ["property", "method", "event", "config", "error"].includes(text);
}
