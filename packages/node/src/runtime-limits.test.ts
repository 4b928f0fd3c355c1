import { UnsupportedError, type TlsOptions } from "@rivulet/engine";
import { describe, expect, test } from "vitest";
import { findRuntime, refuseWhatIsMissing, type NodeRuntime } from "./runtime-limits.ts";

const asked: readonly TlsOptions[] = [
  { minVersion: "TLSv1" },
  { maxVersion: "TLSv1.1" },
  { cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256"] },
  { cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] },
  { cipherList: "HIGH:!aNULL" },
  { cipherList: "HIGH TLS_AES_128_GCM_SHA256" },
  { groups: ["X25519"] },
  { signatureAlgorithms: ["ed25519"] },
  { reuseSession: true },
  { keyLogFile: "keys.log" },
  { ocspStapling: "ifAvailable" },
  { allowExpired: true },
  { allowWrongUsage: true },
];

function refused(runtime: NodeRuntime): string[] {
  return asked.flatMap((tls) => {
    const error = failure({ tls }, runtime);
    return error === undefined ? [] : [`${error.feature} = ${Object.values(tls).join()}`];
  });
}

function failure(options: object, runtime: NodeRuntime): UnsupportedError | undefined {
  try {
    refuseWhatIsMissing(options, runtime);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedError) return error;
    throw error;
  }
}

describe("refuseWhatIsMissing", () => {
  test("refuses nothing on Node", () => {
    expect(refused("Node")).toEqual([]);
  });

  test("refuses on Bun to delay what is sent, and nowhere else", () => {
    expect(failure({ socket: { noDelay: false } }, "Bun")?.feature).toBe("socket.noDelay");
    for (const socket of [undefined, {}, { noDelay: true }]) expect(failure({ socket }, "Bun")).toBeUndefined();
    for (const runtime of ["Node", "Deno"] as const) {
      expect(failure({ socket: { noDelay: false } }, runtime)).toBeUndefined();
    }
  });

  test("refuses on Bun what its TLS ignores", () => {
    expect(refused("Bun")).toEqual([
      "tls.minVersion = TLSv1",
      "tls.maxVersion = TLSv1.1",
      "tls.cipherSuites = ECDHE-RSA-AES128-GCM-SHA256,TLS_AES_128_GCM_SHA256",
      "tls.cipherList = HIGH TLS_AES_128_GCM_SHA256",
      "tls.ocspStapling = ifAvailable",
    ]);
  });

  test("refuses in Deno what its TLS ignores", () => {
    expect(refused("Deno")).toEqual([
      "tls.minVersion = TLSv1",
      "tls.maxVersion = TLSv1.1",
      "tls.cipherSuites = ECDHE-RSA-AES128-GCM-SHA256,TLS_AES_128_GCM_SHA256",
      "tls.cipherSuites = TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "tls.cipherList = HIGH:!aNULL",
      "tls.cipherList = HIGH TLS_AES_128_GCM_SHA256",
      "tls.groups = X25519",
      "tls.signatureAlgorithms = ed25519",
      "tls.reuseSession = true",
      "tls.keyLogFile = keys.log",
      "tls.ocspStapling = ifAvailable",
      "tls.allowExpired = true",
      "tls.allowWrongUsage = true",
    ]);
  });

  test("names the option and the runtime", () => {
    const message = "tls.groups is not supported in Deno: it offers its own groups, whatever is asked";
    expect(failure({ tls: { groups: ["X25519"] } }, "Deno")?.message).toBe(message);
  });

  test("takes what asks for nothing", () => {
    const tls = {
      ...{ minVersion: "TLSv1.2", maxVersion: "TLSv1.3", reuseSession: false, ocspStapling: "off" },
      ...{ allowExpired: false, allowWrongUsage: undefined, cipherSuites: undefined },
    };
    for (const runtime of ["Bun", "Deno"] as const) {
      for (const options of [{ tls }, { tls: {} }, {}, { proxy: { url: "https://proxy.example", tls } }]) {
        expect(failure(options, runtime)).toBeUndefined();
      }
    }
  });

  test("leaves what is no value at all to those who read it", () => {
    for (const tls of [null, 5, "all", { cipherSuites: 5 }]) expect(failure({ tls }, "Bun")).toBeUndefined();
  });

  test("looks at the TLS of a proxy too", () => {
    const proxy = { url: "https://proxy.example", tls: { groups: ["X25519"] } };
    expect(failure({ proxy }, "Deno")?.feature).toBe("proxy.tls.groups");
    for (const other of ["https://proxy.example", new URL("https://proxy.example")]) {
      expect(failure({ proxy: other }, "Deno")).toBeUndefined();
    }
  });
});

test("findRuntime knows who says to be Node", () => {
  expect(findRuntime()).toBe("Node");
  expect(findRuntime({ node: "26.3.0", deno: "2.9.5" })).toBe("Deno");
  expect(findRuntime({ node: "24.3.0", bun: "1.4.5" })).toBe("Bun");
});
