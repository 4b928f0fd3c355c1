import { describe, expect, test } from "vitest";

import { hasSecrets, readTarget } from "./target.js";

const nothing = { username: "", password: "" };

describe("readTarget", () => {
  test("takes an address as it is", () => {
    const target = readTarget({ ...nothing, url: " ws://127.0.0.1:9001/mqtt " }, undefined);
    expect(target).toMatchObject({ url: "ws://127.0.0.1:9001/mqtt", shown: "ws://127.0.0.1:9001/mqtt" });
    expect(hasSecrets(target)).toBe(false);
  });

  test("takes credentials and query out of what is shown", () => {
    const target = readTarget({ ...nothing, url: "wss://us%40er:p%3Ass@example.org/mqtt?token=abc#x" }, undefined);
    expect(target).toEqual({
      url: "wss://example.org/mqtt?token=abc",
      shown: "wss://example.org/mqtt?…",
      username: "us@er",
      password: "p:ss",
    });
    expect(hasSecrets(target)).toBe(true);
  });

  test("what was typed into the fields wins", () => {
    const target = readTarget({ url: "ws://a:b@h/", username: "c", password: "" }, undefined);
    expect(target).toMatchObject({ username: "c", password: undefined });
  });

  test("the shown form of the last address stands for the whole of it", () => {
    const last = readTarget({ ...nothing, url: "wss://a:b@h/?token=abc" }, undefined);
    expect(readTarget({ ...nothing, url: last.shown }, last)).toEqual(last);
    expect(readTarget({ url: last.shown, username: "c", password: "d" }, last)).toEqual({
      ...last,
      username: "c",
      password: "d",
    });
  });

  test("another address does not get the last one's credentials", () => {
    const last = readTarget({ ...nothing, url: "ws://a:b@h/" }, undefined);
    expect(readTarget({ ...nothing, url: "ws://other/" }, last)).toMatchObject({
      username: undefined,
      password: undefined,
    });
  });

  test.each(["ws://user:s3cret@", "http://user:s3cret@h/", "user:s3cret@h", "ws://us%ZZer:s3cret@h/", ""])(
    "refuses %j without repeating it",
    (url) => {
      let message = "";
      try {
        readTarget({ ...nothing, url }, undefined);
      } catch (error) {
        message = String(error);
      }
      expect(message).not.toBe("");
      expect(message).not.toContain("s3cret");
    },
  );
});
