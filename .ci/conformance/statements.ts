import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/command.ts";

/** A normative statement of the standard that concerns a client. */
export interface Statement {
  /** `MQTT-3.1.2-4` of MQTT 5.0, or `MQTT311-3.1.2-4` of MQTT 3.1.1. */
  readonly id: string;
  /** The packets, or the field of the protocol, that it is about. */
  readonly about: string;
  /** Whom it binds. */
  readonly side: "client" | "server" | "both";
  /** What it demands, in our own words. */
  readonly what: string;
  /** Why no test of a client can show it; empty where tests do. */
  readonly reason: string;
}

const header = "statement\tabout\tside\twhat\twhy no test shows it";

/** Every number of a statement in a text, in order. */
export function statementsIn(text: string): string[] {
  return text.match(/\bMQTT(?:311)?-\d+(?:\.\d+)*-\d+\b/g) ?? [];
}

/** @throws Error for a list that cannot be read. */
export function parseStatements(text: string): Statement[] {
  const [first, ...lines] = text.trimEnd().split("\n");
  if (first !== header) throw new Error(`The list of statements does not begin with its header, ${header}`);
  const known = new Set<string>();
  return lines.map((line, index) => {
    const [id = "", about = "", side = "", what = "", reason = "", ...rest] = line.split("\t");
    const isSide = side === "client" || side === "server" || side === "both";
    if (rest.length > 0 || !isSide || what === "" || statementsIn(id)[0] !== id || known.has(id)) {
      throw new Error(`Line ${index + 2} of the list of statements is none, or repeats one: ${line}`);
    }
    known.add(id);
    return { id, about, side, what, reason };
  });
}

/** The list of the repository. */
export function readStatements(): Statement[] {
  return parseStatements(readFileSync(join(root, "packages/engine/conformance/statements.tsv"), "utf8"));
}
