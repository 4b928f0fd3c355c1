import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "./errors.ts";
import { parseTarget } from "./target.ts";
import { unixPath } from "./unix-path.ts";

describe("unixPath", () => {
  test("is the path of the URL, decoded and without its query", () => {
    expect(unixPath(parseTarget("mqtt+unix:///run/a%20b.sock?token=1").target)).toBe("/run/a b.sock");
  });

  test.each(["mqtt+unix://run/a.sock", "mqtt+unix:///", "mqtt+unix:///a%00b", "mqtt+unix:///100%"])(
    "refuses what is none: %s",
    (url) => {
      expect(() => unixPath(parseTarget(url).target)).toThrow(InvalidOptionError);
    },
  );
});
