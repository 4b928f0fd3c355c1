import { describe, expect, test } from "vitest";

import { readSurface, type SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import type { SurfaceCheck } from "./check.ts";
import type { Verdict } from "./order.ts";
import { listingFaults, rowsThatWorkNowhere, type Evidence } from "./results.ts";

const rows = readSurface();

function row(title: string): SurfaceRow {
  const found = rows.find((each) => each.title === title);
  if (found === undefined) throw new Error(`There is no ${title}`);
  return found;
}

function check(title: string, ...shown: readonly string[]): SurfaceCheck {
  return { title, rows: shown, run: () => Promise.resolve() };
}

function evidence(more: Partial<Evidence>): Evidence {
  return { rows: [row("property user"), row("error SSL/270")], checks: [], unprovokable: new Map(), ...more };
}

describe("the table", () => {
  test("has every row once", () => {
    const counts = { property: 0, method: 0, event: 0, config: 0, error: 0 };
    for (const { kind } of rows) counts[kind]++;
    expect(counts).toEqual({ property: 134, method: 13, event: 13, config: 88, error: 101 });
    expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
  });

  test("tells group, index, access and default", () => {
    expect(row("config TCPClient/ConnectionTimeout")).toMatchObject({ group: "TCPClient", isIndexed: false });
    expect(row("config MQTT/OutgoingUserPropName[i]")).toMatchObject({ isIndexed: true });
    expect(row("property incoming_message_topic")).toMatchObject({ isIndexed: true, isReadOnly: true });
    expect(row("property remote_port")).toMatchObject({ typescript: "remotePort", isReadOnly: false, default: "1883" });
  });
});

describe("what is wrong with the checks as they are listed", () => {
  test("nothing, where every row is shown or has a reason", () => {
    const unprovokable = new Map([["error SSL/270", "why"]]);
    expect(listingFaults(evidence({ checks: [check("a", "property user")], unprovokable }))).toEqual([]);
  });

  test("a row without a check", () => {
    expect(listingFaults(evidence({ checks: [check("a", "error SSL/270")] }))).toEqual([
      "No check shows property user",
    ]);
  });

  test("a check that names no row, or one that is not there", () => {
    const checks = [check("a", "property user", "error SSL/270", "property uses"), check("b")];
    expect(listingFaults(evidence({ checks }))).toEqual([
      "A check names property uses, which is no row",
      '"b" shows no row',
    ]);
  });

  test("two checks with one title", () => {
    const checks = [check("a", "property user"), check("a", "error SSL/270")];
    expect(listingFaults(evidence({ checks }))).toEqual(['Two checks are called "a"']);
  });

  test("a reason for what a check shows, or for what is no error", () => {
    const checks = [check("a", "property user", "error SSL/270")];
    const unprovokable = new Map([
      ["error SSL/270", "why"],
      ["property user", "why"],
    ]);
    expect(listingFaults(evidence({ checks, unprovokable }))).toEqual([
      "property user is called unprovokable, and is no error of the table",
      "error SSL/270 is called unprovokable, and a check shows it",
      "property user is called unprovokable, and a check shows it",
    ]);
  });
});

test("a row works nowhere when no check of it works on any runtime", () => {
  const checks = [check("a", "property user"), check("b", "property user", "error SSL/270")];
  const refused: Verdict = { status: "refused", code: 270, why: "" };
  const works: Verdict = { status: "works" };
  const unproven = evidence({ checks });
  expect(rowsThatWorkNowhere(unproven, new Map([["a", new Map([["deno", works]])]]))).toEqual([
    "error SSL/270 works nowhere",
  ]);
  expect(rowsThatWorkNowhere(unproven, new Map([["b", new Map([["browser", refused]])]]))).toHaveLength(2);
  expect(rowsThatWorkNowhere(unproven, new Map([["b", new Map([["browser", works]])]]))).toEqual([]);
  const unknown: Verdict = { status: "unknown", why: "" };
  expect(rowsThatWorkNowhere(unproven, new Map([["b", new Map([["node", unknown]])]]))).toEqual([]);
  const unprovokable = new Map([["error SSL/270", "why"]]);
  expect(rowsThatWorkNowhere({ ...unproven, unprovokable }, new Map())).toEqual(["property user works nowhere"]);
});
