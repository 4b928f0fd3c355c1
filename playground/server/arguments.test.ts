import { describe, expect, test } from "vitest";

import { parseDemoArguments, UsageError } from "./arguments.ts";

describe("parseDemoArguments", () => {
  test("has a default for everything", () => {
    expect(parseDemoArguments([])).toEqual({ port: undefined, broker: "auto", seed: 1, help: false });
  });

  test("takes every option", () => {
    const options = parseDemoArguments(["--port", "0", "--broker=aedes", "--seed", "7", "-h"]);
    expect(options).toEqual({ port: 0, broker: "aedes", seed: 7, help: true });
  });

  test.each([
    [["--port", "65536"], "--port is a whole number from 0 to 65535"],
    [["--port", "http"], 'not "http"'],
    [["--port", ""], "--port is a whole number"],
    [["--seed", "-1"], "--seed"],
    [["--broker", "emqx"], 'not "emqx"'],
    [["--loud"], "--loud"],
    [["page"], "page"],
  ])("refuses %j", (argv, message) => {
    expect(() => parseDemoArguments(argv)).toThrow(UsageError);
    expect(() => parseDemoArguments(argv)).toThrow(message);
  });
});
