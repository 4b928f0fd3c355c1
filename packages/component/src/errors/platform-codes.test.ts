import { lookup } from "node:dns/promises";
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { platformCode } from "./platform-codes.ts";

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error("failed", { cause }), { code });
}

function named(name: string, message = "failed"): Error {
  return Object.assign(new Error(message), { name });
}

describe("platformCode, of what Node says", () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  const failure = (options: NetConnectOpts): Promise<Error> =>
    new Promise((resolve, reject) => {
      const socket = connect(options);
      socket.on("error", resolve);
      socket.on("close", (isError) => {
        if (!isError) reject(new Error("It was closed in good order"));
      });
    });

  it("knows a connection that is reset", async () => {
    expect(platformCode(await failure({ host: "127.0.0.1", port }))).toBe(10_054);
  });

  it("knows an address of another machine", async () => {
    // For documentation only (RFC 5737).
    expect(platformCode(await failure({ host: "127.0.0.1", port, localAddress: "192.0.2.1" }))).toBe(10_049);
  });

  it("knows a port that is in use", async () => {
    // The server's own: connecting from it is what the system refuses, as long as something listens there.
    const error = await failure({ host: "127.0.0.1", port, localAddress: "127.0.0.1", localPort: port });
    expect(platformCode(error)).toBe(10_048);
  });

  it("knows a host name that nobody has", async () => {
    // No name has an empty label, so that nobody is asked.
    const error: unknown = await lookup("no..name").catch((reason: unknown) => reason);
    expect(platformCode(error)).toBe(11_001);
  });

  it("knows a port where nobody listens", async () => {
    await new Promise((resolve) => server.close(resolve));
    expect(platformCode(await failure({ host: "127.0.0.1", port }))).toBe(10_061);
  });
});

describe("platformCode", () => {
  it.each([
    ["EINTR", 10_004],
    ["EBADF", 10_009],
    ["EACCES", 10_013],
    ["EFAULT", 10_014],
    ["EINVAL", 10_022],
    ["EMFILE", 10_024],
    ["EWOULDBLOCK", 10_035],
    ["EINPROGRESS", 10_036],
    ["EALREADY", 10_037],
    ["ENOTSOCK", 10_038],
    ["EDESTADDRREQ", 10_039],
    ["EMSGSIZE", 10_040],
    ["EPROTOTYPE", 10_041],
    ["ENOPROTOOPT", 10_042],
    ["EPROTONOSUPPORT", 10_043],
    ["ESOCKTNOSUPPORT", 10_044],
    ["EOPNOTSUPP", 10_045],
    ["EPFNOSUPPORT", 10_046],
    ["EAFNOSUPPORT", 10_047],
    ["EADDRINUSE", 10_048],
    ["EADDRNOTAVAIL", 10_049],
    ["ENETDOWN", 10_050],
    ["ENETUNREACH", 10_051],
    ["ENETRESET", 10_052],
    ["ECONNABORTED", 10_053],
    ["ECONNRESET", 10_054],
    ["ENOBUFS", 10_055],
    ["EISCONN", 10_056],
    ["ENOTCONN", 10_057],
    ["ESHUTDOWN", 10_058],
    ["ETOOMANYREFS", 10_059],
    ["ETIMEDOUT", 10_060],
    ["ECONNREFUSED", 10_061],
    ["ELOOP", 10_062],
    ["ENAMETOOLONG", 10_063],
    ["EHOSTDOWN", 10_064],
    ["EHOSTUNREACH", 10_065],
    ["ENOTEMPTY", 10_066],
    ["EPROCLIM", 10_067],
    ["EUSERS", 10_068],
    ["EDQUOT", 10_069],
    ["ESTALE", 10_070],
    ["EREMOTE", 10_071],
    ["ENOTFOUND", 11_001],
    ["EAI_AGAIN", 11_002],
    ["EAI_FAIL", 11_003],
    ["ENODATA", 11_004],
  ])("gives %s the number %i", (code, number) => {
    expect(platformCode(coded(code))).toBe(number);
  });

  it.each([
    [named("NotCapable"), 10_013],
    [named("ConnectionRefused"), 10_061],
    [named("BadResource"), 10_009],
    [named("URIError", "invalid host 'x y'"), 11_001],
    [named("Error", "failed to lookup address information: Name or service not known"), 11_001],
    [named("Error", "failed to lookup address information: Temporary failure in name resolution"), 11_002],
    [named("Error", "failed to lookup address information: Non-recoverable failure in name resolution"), 11_003],
    [named("Error", "failed to lookup address information: No address associated with hostname"), 11_004],
  ])("understands Deno: %s", (error, number) => {
    expect(platformCode(error)).toBe(number);
  });

  it("knows what Deno says of an address of another machine", () => {
    expect(platformCode(Object.assign(coded("EINVAL"), { syscall: "bind" }))).toBe(10_049);
    expect(platformCode(Object.assign(coded("EINVAL"), { syscall: "connect" }))).toBe(10_022);
  });

  it("follows the causes, and no circle of them", () => {
    expect(platformCode(new Error("outer", { cause: coded("ERR_OTHER", coded("EMFILE")) }))).toBe(10_024);
    const circle = new Error("circle");
    circle.cause = circle;
    expect(platformCode(circle)).toBeUndefined();
  });

  it("takes of several addresses what tells most", () => {
    const all = (...codes: readonly string[]): Error => new AggregateError(codes.map((code) => coded(code)));
    expect(platformCode(all("ENETUNREACH", "ECONNREFUSED"))).toBe(10_061);
    expect(platformCode(all("EACCES", "EHOSTUNREACH", "ENETUNREACH"))).toBe(10_065);
    expect(platformCode(all("EOTHER", "EADDRNOTAVAIL"))).toBe(10_049);
    expect(platformCode(new Error("outer", { cause: all("ETIMEDOUT") }))).toBe(10_060);
    expect(platformCode(all())).toBeUndefined();
  });

  it.each([undefined, "ECONNREFUSED", new Error("failed"), coded("ERR_OTHER")])("does not guess: %s", (error) => {
    expect(platformCode(error)).toBeUndefined();
  });
});
