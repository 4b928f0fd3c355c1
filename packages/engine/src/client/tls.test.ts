import { describe, expect, it } from "vitest";
import { gate, Harness, watch, type HarnessOptions, type Opening } from "../../testing/client-harness.ts";
import { settle, until } from "../../testing/virtual-environment.ts";
import { TransportError } from "../errors.ts";
import type { CertificateInfo, ServerAuthentication } from "../tls.ts";

/** What a transport shows of a certificate: nothing that the engine looks into. */
function shown(accept: boolean): ServerAuthentication {
  const certificate = { subject: "CN=broker" } as CertificateInfo;
  return { hostname: "broker", certificate, chain: [certificate], problems: [], reason: undefined, accept };
}

/** A client whose transport asks about a certificate, and heeds the answer. */
function withCertificate(accept: boolean, options: HarnessOptions = {}): Harness {
  const harness = new Harness(options);
  harness.onOpen = ({ context }: Opening) => {
    context.report("Handshake with broker", "tls");
    if (context.verify(shown(accept))) return Promise.resolve();
    return Promise.reject(new TransportError("The certificate was refused", { isTls: true }));
  };
  return harness;
}

describe("tlsServerAuthentication", () => {
  it.each([true, false])("without a listener what the transport has found stands: %s", async (accept) => {
    const harness = withCertificate(accept);
    const connecting = watch(harness.client.connect());
    await settle();
    expect(connecting.state).toBe(accept ? "fulfilled" : "rejected");
  });

  it.each([true, false])("a listener turns %s into the contrary", async (accept) => {
    const harness = withCertificate(accept);
    const seen: boolean[] = [];
    harness.client.on("tlsServerAuthentication", (authentication) => {
      seen.push(authentication.accept);
      authentication.accept = !accept;
    });
    const connecting = watch(harness.client.connect());
    await settle();
    expect(connecting.state).toBe(accept ? "rejected" : "fulfilled");
    expect(seen).toEqual([accept]);
  });

  it.each([true, false])("a listener that throws accepts nothing, and what it throws is told (%s)", async (accept) => {
    const harness = withCertificate(accept);
    const errors = harness.record("error");
    const thrown = new Error("Oh");
    harness.client.on("tlsServerAuthentication", () => {
      throw thrown;
    });
    await expect(harness.client.connect()).rejects.toThrow("The certificate was refused");
    expect(errors).toEqual([{ name: "error", event: { error: thrown } }]);
  });
});

describe("tlsStatus", () => {
  it("tells how far TLS has got, and so does the log, at verbose", async () => {
    const harness = withCertificate(true, { options: { logLevel: "verbose" } });
    const events = harness.record("tlsStatus", "log");
    const others = harness.record("connectionStatus");
    await harness.client.connect();
    expect(events).toContainEqual({ name: "tlsStatus", event: { message: "Handshake with broker" } });
    const entry = { level: "verbose", type: "tls", message: "Handshake with broker" };
    expect(events).toContainEqual({ name: "log", event: entry });
    expect(others).toEqual([]);
  });
});

it("options that only transports understand are given to them as they are", async () => {
  const given = {
    socket: { family: 6 },
    tls: { minVersion: "TLSv1.3" },
    proxy: "socks5://127.0.0.1:1080",
    webSocket: { headers: { a: "b" } },
  } as const;
  const harness = new Harness({ options: given });
  await harness.client.connect();
  expect(harness.openings.map(({ options }) => options)).toEqual([given]);
});

it.each(["socket", "tls", "webSocket"] as const)("%s that is no object is refused", (name) => {
  expect(() => new Harness({ options: { [name]: true as never } })).toThrow(
    expect.objectContaining({ name: "InvalidOptionError", option: name }),
  );
});

describe("a TLS error", () => {
  const failed = new TransportError("The server wants a certificate", { isTls: true });

  it("after the transport was opened is not taken for an older version's", async () => {
    const harness = new Harness({
      options: { protocolVersion: [5, 4] },
      answers: { connect: () => [] },
    });
    const connecting = watch(harness.client.connect());
    await until(() => harness.servers.length === 1);
    harness.server.lose(failed);
    await settle();
    expect(connecting.error).toBe(failed);
    expect(harness.servers).toHaveLength(1);
  });

  it("is told from the loss of a connection", () => {
    expect([failed.isTls, new TransportError("The line is cut").isTls]).toEqual([true, false]);
  });
});

describe("a fault of a transport", () => {
  const retrying = { reconnect: { retryInitial: true } };

  it.each([
    [
      "that it throws",
      (): Promise<void> => {
        throw new TypeError("undefined is not a function");
      },
    ],
    ["that it rejects with", (): Promise<void> => Promise.reject(new TypeError("undefined is not a function"))],
  ])("is final, also with retryInitial, where it is a TypeError %s", async (_how, open) => {
    const harness = new Harness({ options: retrying });
    harness.onOpen = open;
    await expect(harness.client.connect()).rejects.toMatchObject({
      name: "InvalidOptionError",
      option: "transports",
      cause: expect.any(TypeError) as TypeError,
    });
    expect([harness.openings.length, harness.client.state]).toEqual([1, "closed"]);
  });

  it("is final where `open` is no asynchronous function, too", async () => {
    const broken = {
      schemes: ["mem:"],
      open: (): never => {
        throw new TypeError("undefined is not a function");
      },
    };
    const harness = new Harness({ options: { ...retrying, transports: [broken] } });
    await expect(harness.client.connect()).rejects.toMatchObject({ option: "transports" });
  });

  it("is not what a function of the application is rejected with: fetch has TypeErrors for a network that is down", async () => {
    const asked = gate();
    const credentials = (): Promise<never> => {
      asked.open();
      return Promise.reject(new TypeError("fetch failed"));
    };
    const harness = new Harness({ options: { ...retrying, credentials } });
    const connecting = watch(harness.client.connect());
    await asked.promise;
    await settle();
    expect([connecting.state, harness.client.state]).toEqual(["pending", "reconnecting"]);
    harness.client.close();
  });
});
