import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorText } from "./error-codes.ts";
import { MQTTError, type ErrorGroup } from "./mqtt-error.ts";

const rows = readFileSync(new URL("../testing/component-surface.tsv", import.meta.url), "utf8")
  .split("\n")
  .map((line) => line.split("\t"))
  .filter(([kind]) => kind === "error")
  .map(([, name, , , group]) => [Number(name), group as ErrorGroup] as const);

describe("errorText", () => {
  it("has 101 codes to tell of", () => {
    expect(rows).toHaveLength(101);
  });

  it.each(rows)("knows %i of %s", (code, group) => {
    const known = errorText(code, group);
    expect(known.group).toBe(group);
    expect(known.text).toMatch(group === "TCP/IP" ? new RegExp(`^\\[${code}\\] [A-Z].+[^.]$`) : /^[A-Z].+[^.]$/);
    expect(known.text).not.toMatch(/^Error \d/);
  });

  it.each(rows.filter(([code]) => code !== 301 && code !== 302))("finds the group of %i", (code, group) => {
    expect(errorText(code)).toEqual(errorText(code, group));
  });

  it("says something else for each", () => {
    const texts = rows.map(([code, group]) => errorText(code, group).text);
    // LocalHost is a property and a setting, with a code each.
    expect(new Set(texts).size).toBe(texts.length - 1);
  });

  it("tells the two meanings of 301 and 302 apart", () => {
    expect(errorText(301).group).toBe("HTTP");
    expect(errorText(302).group).toBe("TCPClient");
    expect(errorText(301, "TCPClient").text).not.toBe(errorText(301, "HTTP").text);
    expect(errorText(302, "TCPClient").text).not.toBe(errorText(302, "HTTP").text);
  });

  it("says at least the number of a code that nobody has", () => {
    expect(errorText(77)).toEqual({ group: "MQTT", text: "Error 77" });
    expect(errorText(77, "TCP/IP").group).toBe("TCP/IP");
  });
});

describe("MQTTError", () => {
  it("puts what is known behind the text of the code", () => {
    const cause = new Error("a cause");
    const error = new MQTTError(10_061, { detail: "Nobody listens there", cause });
    expect(error).toMatchObject({ name: "MQTTError", code: 10_061, group: "TCP/IP", cause });
    expect(error.message).toBe(`${errorText(10_061).text}: Nobody listens there`);
  });

  it("is content with the code", () => {
    const error = new MQTTError(301, { group: "TCPClient" });
    expect(error.message).toBe(errorText(301, "TCPClient").text);
    expect("cause" in error).toBe(false);
  });
});
