import { createHash, createHmac } from "node:crypto";
import aws4 from "aws4";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type LogEntry,
  type Transport,
  type TransportTarget,
} from "@rivulet/engine";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connect } from "../browser.ts";
import { awsIotUrl, type AwsIotUrlOptions } from "./aws-iot-url.ts";
import { presign } from "./presign.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const endpoint = "abc123-ats.iot.eu-west-1.amazonaws.com";
const signedAt = Date.UTC(2015, 7, 30, 12, 36);
const options: AwsIotUrlOptions = { endpoint, credentials: keys, now: () => signedAt };

/** The signatures of AWS's test suite for Signature Version 4, in its form for queries. */
test.each([
  ["get-slash-normalized", "/", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"],
  [
    "get-unreserved",
    "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005",
  ],
])("signs %s as AWS does", async (_name, path, signature) => {
  const host = "example.amazonaws.com";
  const date = new Date(signedAt);
  const query = await presign({
    keys,
    host,
    path,
    region: "us-east-1",
    service: "service",
    date,
    expiresSeconds: 3600,
  });
  expect(query).toBe(
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request" +
      `&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`,
  );
});

describe("awsIotUrl", () => {
  /** What another implementation makes of it. */
  function secondOpinion(host: string, region: string, path: string, expires: number): URL {
    const query = `X-Amz-Date=20150830T123600Z&X-Amz-Expires=${expires}`;
    const request = { host, path: `${path}?${query}`, service: "iotdevicegateway", region, signQuery: true };
    return new URL(`wss://${host}${aws4.sign(request, keys).path ?? ""}`);
  }

  test.each([
    [{}, endpoint, "eu-west-1", "/mqtt", 900],
    [{ expiresSeconds: 86_400, path: "/mqtt/a-b_c~d" }, endpoint, "eu-west-1", "/mqtt/a-b_c~d", 86_400],
    [{ endpoint: "mqtt.example.org:8443", region: "us-east-2" }, "mqtt.example.org:8443", "us-east-2", "/mqtt", 900],
    [
      { endpoint: "a.ats.iot.cn-north-1.amazonaws.com.cn" },
      "a.ats.iot.cn-north-1.amazonaws.com.cn",
      "cn-north-1",
      "/mqtt",
      900,
    ],
  ] as const)("%j is signed as another implementation does it", async (changes, host, region, path, expires) => {
    const url = new URL(await awsIotUrl({ ...options, ...changes }));
    const other = secondOpinion(host, region, path, expires);
    expect(url.host).toBe(host);
    expect(url.pathname).toBe(path);
    expect(Object.fromEntries(url.searchParams)).toEqual(Object.fromEntries(other.searchParams));
  });

  test("is what the steps of the documentation lead to", async () => {
    const url = new URL(await awsIotUrl(options));
    const query = url.search.slice(1).replace(/&X-Amz-Signature=.*/, "");
    const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
    const canonical = `GET\n/mqtt\n${query}\nhost:${endpoint}\n\nhost\n${hash("")}`;
    const scope = "20150830/eu-west-1/iotdevicegateway/aws4_request";
    const signed = `AWS4-HMAC-SHA256\n20150830T123600Z\n${scope}\n${hash(canonical)}`;
    const key = scope
      .split("/")
      .reduce<Buffer | string>(
        (last, part) => createHmac("sha256", last).update(part).digest(),
        `AWS4${keys.secretAccessKey}`,
      );
    expect(url.searchParams.get("X-Amz-Signature")).toBe(createHmac("sha256", key).update(signed).digest("hex"));
  });

  test("has a session token that is not signed, at its end", async () => {
    const plain = await awsIotUrl(options);
    const sessionToken = "a/token+with=all!*'()";
    const url = await awsIotUrl({ ...options, credentials: () => Promise.resolve({ ...keys, sessionToken }) });
    expect(url).toBe(`${plain}&X-Amz-Security-Token=a%2Ftoken%2Bwith%3Dall%21%2A%27%28%29`);
    expect(new URL(url).searchParams.get("X-Amz-Security-Token")).toBe(sessionToken);
  });

  test("takes the host as the platform does", async () => {
    const url = await awsIotUrl({ ...options, endpoint: `${endpoint.toUpperCase()}:443`, region: "eu-west-1" });
    expect(url).toBe(await awsIotUrl(options));
  });

  test("signs at the system's time", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: signedAt });
    expect(await awsIotUrl({ endpoint, credentials: keys })).toBe(await awsIotUrl(options));
  });

  test("asks for credentials each time", async () => {
    let count = 0;
    const credentials = (): typeof keys => ({ ...keys, accessKeyId: `KEY${(count += 1)}` });
    const urls = [await awsIotUrl({ ...options, credentials }), await awsIotUrl({ ...options, credentials })];
    expect(urls[0]).toContain("X-Amz-Credential=KEY1%2F");
    expect(urls[1]).toContain("X-Amz-Credential=KEY2%2F");
  });

  test.each([
    ["endpoint", { endpoint: "https://example.org" }, 'endpoint "https://example.org" is invalid'],
    ["endpoint", { endpoint: undefined }, "endpoint is missing"],
    ["region", { endpoint: "mqtt.example.org" }, "region is missing"],
    ["region", { region: "eu west" }, 'region "eu west" is invalid'],
    ["path", { path: "mqtt" }, 'path "mqtt" is invalid'],
    ["path", { path: "/mqtt?a" }, 'path "/mqtt?a" is invalid'],
    ["expiresSeconds", { expiresSeconds: 0 }, "expiresSeconds is an integer from 1 to 604800, not 0"],
    ["expiresSeconds", { expiresSeconds: 604_801 }, "expiresSeconds is an integer from 1 to 604800, not 604801"],
    ["colour", { colour: "red" }, "There is no option colour"],
    ["credentials.accessKeyId", { credentials: undefined }, "credentials.accessKeyId is missing or empty"],
    [
      "credentials.secretAccessKey",
      { credentials: { accessKeyId: "AKIDEXAMPLE" } },
      "credentials.secretAccessKey is missing or empty",
    ],
    [
      "credentials.sessionToken",
      { credentials: { ...keys, sessionToken: "" } },
      "credentials.sessionToken is missing or empty",
    ],
  ])("refuses a wrong %s: %j", async (option, changes, message) => {
    const wrong = { ...options, ...changes } as unknown as AwsIotUrlOptions;
    const error: unknown = await awsIotUrl(wrong).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option, message });
    for (const secret of [keys.secretAccessKey, keys.accessKeyId]) expect(message).not.toContain(secret);
  });

  test("fails with what the credentials' owner says", async () => {
    const error = new Error("Not today");
    await expect(awsIotUrl({ ...options, credentials: () => Promise.reject(error) })).rejects.toBe(error);
  });

  test.each([
    ["without a secure context", {}],
    ["without crypto", undefined],
  ])("cannot sign %s", async (_name, value) => {
    vi.stubGlobal("crypto", value);
    const error: unknown = await awsIotUrl(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ feature: "crypto.subtle" });
    expect((error as Error).message).toMatch(/secure context/);
  });

  test("makes a new URL for each attempt to connect, and nothing tells its query", async () => {
    const seen: TransportTarget[] = [];
    const refusing: Transport = {
      schemes: ["wss:"],
      open: (target) => {
        seen.push(target);
        return Promise.reject(new TransportError(`Cannot connect to ${target.address}`));
      },
    };
    const logged: string[] = [];
    const logger = ({ message }: LogEntry): unknown => logged.push(message);
    const client = { transports: [refusing], logger, logLevel: "debug" } as const;
    let time = signedAt;
    const next = (): Promise<string> => awsIotUrl({ ...options, now: () => (time += 1000) });
    const errors = [await connect(next, client).catch(String), await connect(next, client).catch(String)];
    expect(new Set(seen.map(({ url }) => url)).size).toBe(2);
    expect(seen.every(({ url }) => url.includes("X-Amz-Signature="))).toBe(true);
    expect(errors).toEqual(Array(2).fill(`TransportError: Cannot connect to wss://${endpoint}/mqtt`));
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join()).not.toMatch(/X-Amz|AKID/);
  });
});
