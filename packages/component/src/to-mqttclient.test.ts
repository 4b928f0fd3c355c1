import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readSurface } from "../testing/component-surface.ts";

// The first column of each table of the page, by the section it stands in.

const sections: Readonly<Record<string, string>> = {
  Properties: "property",
  Certificates: "property",
  Messages: "property",
  Methods: "method",
  Events: "event",
};

/** What a section is about, as in "property", "config SSL" and "error TCP/IP"; undefined where nothing is listed. */
function kindOf(heading: string): string | undefined {
  const [, what, group = ""] = /^(Settings|Errors) of (.+)$/.exec(heading) ?? [];
  if (what === undefined) return sections[heading];
  return `${what === "Settings" ? "config" : "error"} ${group}`;
}

/** Every name that the page has a row for, as in "config SSL: SSLCheckCRL". */
function namesOf(page: string): string[] {
  let kind: string | undefined;
  return page.split("\n").flatMap((line) => {
    const heading = /^#+ (.+)$/.exec(line)?.[1];
    if (heading !== undefined) kind = kindOf(heading);
    const cell = /^\| (.+?) +\|/.exec(line)?.[1] ?? "";
    // Those of the heads of tables are none.
    const found = kind === undefined || cell === "`MQTT`" ? [] : (cell.match(/(?<=`)[\w[\]]+(?=`)|\b\d+\b/g) ?? []);
    return found.map((name) => `${String(kind)}: ${name}`);
  });
}

const page = readFileSync(new URL("../TO-MQTTCLIENT.md", import.meta.url), "utf8");

it("says of each row what it is in MqttClient, and of nothing else", () => {
  const rows = readSurface().map(
    ({ kind, group, typescript }) => `${group === undefined ? kind : `${kind} ${group}`}: ${typescript}`,
  );
  expect(rows.length).toBeGreaterThan(300);
  expect(namesOf(page).sort()).toEqual(rows.sort());
});
