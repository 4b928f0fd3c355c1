import { request } from "node:http";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startPageServer } from "./page-server.ts";
import type { PageServer } from "./page-server.ts";

/** Any file will do for the bundle. */
const bundlePath = fileURLToPath(new URL("../public/app.js", import.meta.url));
const settings = { broker: "a broker" };
let server: PageServer;

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends the path as it is: fetch would tidy it up. */
function send(path: string, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(server.url, { path, method }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => {
        const { statusCode: status, headers } = response;
        resolve({ status, type: headers["content-type"], headers, body });
      });
    });
    sent.on("error", reject).end();
  });
}

beforeAll(async () => {
  server = await startPageServer({ port: 0, bundlePath, settings });
});

afterAll(() => server.stop());

describe("startPageServer", () => {
  test.each([
    ["/", "text/html; charset=utf-8"],
    ["/index.html", "text/html; charset=utf-8"],
    ["/base.css", "text/css; charset=utf-8"],
    ["/app.js?v=1", "text/javascript; charset=utf-8"],
    ["/rivulet.umd.js", "text/javascript; charset=utf-8"],
    ["/favicon.svg", "image/svg+xml"],
  ])("serves %s as %s", async (path, type) => {
    const answer = await send(path);
    expect(answer).toMatchObject({ status: 200, type });
    expect(answer.body).not.toBe("");
    expect(answer.headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("names the map of the bundle, which does not name it", async () => {
    expect((await send("/rivulet.umd.js")).headers).toMatchObject({ sourcemap: "/rivulet.umd.js.map" });
    expect((await send("/app.js")).headers).not.toHaveProperty("sourcemap");
  });

  test("tells the page about the demo", async () => {
    expect(JSON.parse((await send("/demo.json")).body)).toEqual(settings);
  });

  test.each([
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2fstart.ts",
    "//etc/passwd",
    "/./../../package.json",
    "/public/index.html",
    "/rivulet.umd.js.map",
    "/target.test.ts",
    "/__proto__",
    "/%",
    "*",
  ])("does not find %s", async (path) => {
    expect(await send(path)).toMatchObject({ status: 404, body: "Not found\n" });
  });

  test("answers HEAD without a body, and no other method", async () => {
    expect(await send("/", "HEAD")).toMatchObject({ status: 200, body: "" });
    expect(await send("/", "POST")).toMatchObject({ status: 405 });
  });

  test("an explicit port that is taken is an error, and says what to do", async () => {
    const port = Number(new URL(server.url).port);
    await expect(startPageServer({ port, bundlePath, settings })).rejects.toThrow(`Port ${port} is in use: choose`);
  });
});
