import { createRequire } from "node:module";
import { AuthenticationError, InvalidOptionError, UnsupportedError, type Authentication } from "@rivulet/engine";
import { afterEach, describe, expect, test, vi } from "vitest";
import { bytes, ScramServer, text, type ScramServerOptions } from "../../testing/scram-server.ts";
import { scram, type ScramAlgorithm, type ScramOptions } from "./scram.ts";

const require = createRequire(import.meta.url);

const begin = (options: Partial<ScramOptions> = {}): Authentication | Promise<Authentication> =>
  scram({ username: "user", password: "pencil", ...options }).begin();

const hashOf = { "SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512" } as const;
const algorithms = Object.keys(hashOf) as ScramAlgorithm[]; // a literal: its keys are the names

/** Runs a whole exchange with a server; resolves to it when both sides are content. */
async function exchange(options: Partial<ScramOptions>, known: Partial<ScramServerOptions> = {}): Promise<ScramServer> {
  const authentication = await begin(options);
  const hash = hashOf[options.algorithm ?? "SCRAM-SHA-256"];
  const server = new ScramServer(authentication.initialData, { hash, password: "pencil", ...known });
  const answer = await authentication.respond(bytes(server.first));
  await authentication.verify(bytes(server.final(answer)));
  return server;
}

/** An exchange of known nonce, up to where the server is to say something. */
async function begun(options: Partial<ScramOptions> = {}): Promise<Authentication> {
  return begin({ nonce: () => "rOprNGfwEbeRWgbNEkqO", ...options });
}

const serverFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("scram", () => {
  // RFC 5802, section 5; RFC 7677, section 3. There is no vector for SHA-512.
  test.each<[source: string, algorithm: ScramAlgorithm, nonce: string, [string, string, string, string]]>([
    [
      "RFC 5802",
      "SCRAM-SHA-1",
      "fyko+d2lbbFgONRv9qkxdawL",
      [
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
      ],
    ],
    [
      "RFC 7677",
      "SCRAM-SHA-256",
      "rOprNGfwEbeRWgbNEkqO",
      [
        "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        serverFirst,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      ],
    ],
  ])("says what %s says", async (_, algorithm, nonce, [first, challenge, final, signature]) => {
    const authenticator = scram({ username: "user", password: "pencil", algorithm, nonce: () => nonce });
    expect(authenticator.method).toBe(algorithm);
    const authentication = await authenticator.begin();
    expect(text(authentication.initialData)).toBe(first);
    expect(text(await authentication.respond(bytes(challenge)))).toBe(final);
    await expect(authentication.verify(bytes(signature))).resolves.toBeUndefined();
  });

  test("is SCRAM-SHA-256 unless told otherwise", () => {
    expect(scram({ username: "user", password: "pencil" }).method).toBe("SCRAM-SHA-256");
  });

  describe.each(algorithms)("%s", (algorithm) => {
    test("is content with a server that knows the password, and the server with it", async () => {
      expect((await exchange({ algorithm })).username).toBe("user");
    });

    test("takes a user name and a password that need preparation, and characters that separate", async () => {
      const options = { algorithm, username: "us=er,\u00adÅ\u{1f600}", password: "p\u00adencil\u00a0\u2168" };
      expect((await exchange(options, { password: "pencil IX" })).username).toBe("us=er,Å\u{1f600}");
    });

    test("refuses a server that does not know the password", async () => {
      const authentication = await begin({ algorithm });
      const server = { hash: hashOf[algorithm], password: "pen" };
      const { first } = new ScramServer(authentication.initialData, server);
      await authentication.respond(bytes(first));
      const other = new ScramServer(authentication.initialData, server);
      const signature = `v=${Buffer.from(other.first.slice(0, 20)).toString("base64")}`;
      await expect(authentication.verify(bytes(signature))).rejects.toThrow(AuthenticationError);
    });
  });

  test("takes bytes as a password as they are, and keeps a copy", async () => {
    const password = bytes("p\u00adencil");
    const authenticator = scram({ username: "user", password });
    password.fill(0);
    const authentication = await authenticator.begin();
    const server = new ScramServer(authentication.initialData, { hash: "sha256", password: "p\u00adencil" });
    const answer = await authentication.respond(bytes(server.first));
    await expect(authentication.verify(bytes(server.final(answer)))).resolves.toBeUndefined();
  });

  test("has another nonce each time, of 24 random bytes", async () => {
    const authenticator = scram({ username: "user", password: "pencil" });
    const nonces = [await authenticator.begin(), await authenticator.begin()].map(
      ({ initialData }) => text(initialData).split(",r=")[1],
    );
    expect(new Set(nonces).size).toBe(2);
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9+/]{32}$/);
  });

  test("agrees with another implementation of SCRAM-SHA-256", async () => {
    const pg = require("pg/lib/crypto/sasl") as PostgresSasl;
    const password = "p\u00adencil \u2168";
    const session = pg.startSession(["SCRAM-SHA-256"]);
    const authentication = await begin({ username: "*", password, nonce: () => session.clientNonce });
    expect(text(authentication.initialData)).toBe(session.response);
    const server = new ScramServer(authentication.initialData, { hash: "sha256", password: "pencil IX" });
    await pg.continueSession(session, password, server.first);
    const answer = await authentication.respond(bytes(server.first));
    expect(text(answer)).toBe(session.response);
    const final = server.final(answer);
    pg.finalizeSession(session, final);
    await expect(authentication.verify(bytes(final))).resolves.toBeUndefined();
  });

  test("agrees with another implementation of SCRAM-SHA-1", async () => {
    const Mechanism = require("sasl-scram-sha-1") as new (options: object) => XmppMechanism;
    const credentials = { username: "us=er,", password: "pencil" };
    const mechanism = new Mechanism({ genNonce: () => "fyko+d2lbbFgONRv9qkxdawL" });
    const nonce = (): string => "fyko+d2lbbFgONRv9qkxdawL";
    const authentication = await begin({ ...credentials, algorithm: "SCRAM-SHA-1", nonce });
    expect(text(authentication.initialData)).toBe(mechanism.response(credentials));
    const { first } = new ScramServer(authentication.initialData, { hash: "sha1", password: "pencil" });
    const answer = await authentication.respond(bytes(first));
    expect(text(answer)).toBe(await mechanism.challenge(first).response(credentials));
    const signature = Buffer.from(mechanism._serverSignature).toString("base64");
    await expect(authentication.verify(bytes(`v=${signature}`))).resolves.toBeUndefined();
  });
});

describe("a server's SCRAM message that is refused:", () => {
  test.each<[what: string, message: string, error: RegExp]>([
    ["a nonce of its own", serverFirst.replace("r=rOpr", "r=rOps"), /nonce does not continue/],
    ["the client's nonce and nothing more", "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0=,i=4096", /nonce does not continue/],
    ["an error", "e=unknown-user,x=y", /refused by SCRAM: unknown-user$/],
    ["nothing", "", /malformed/],
    ["a mandatory extension", `m=x,${serverFirst}`, /malformed/],
    ["another order", "s=W22ZaJ0=,r=rOprNGfwEbeRWgbNEkqOx,i=4096", /malformed/],
    ["no salt that is Base64", serverFirst.replace("W22", "W2"), /malformed/],
    ["no iteration count", serverFirst.replace(",i=4096", ""), /malformed/],
    ["an iteration count that is no number", serverFirst.replace("4096", "4096x"), /malformed/],
    ["an iteration count of 0", serverFirst.replace("4096", "0"), /malformed/],
    ["an iteration count that is endless", serverFirst.replace("4096", "40960000000"), /malformed/],
    ["a low iteration count", serverFirst.replace("4096", "4095"), /is 4095, and 4096 to 2000000 are accepted/],
    ["a high iteration count", serverFirst.replace("4096", "2000001"), /is 2000001, and 4096 to 2000000 are accepted/],
    ["a nonce with a space", serverFirst.replace("%", " "), /malformed/],
  ])("%s", async (_, message, error) => {
    const answer = (await begun()).respond(bytes(message));
    await expect(answer).rejects.toThrow(AuthenticationError);
    await expect(answer).rejects.toThrow(error);
  });

  test("bytes that are not UTF-8, with the cause", async () => {
    const answer = (await begun()).respond(new Uint8Array([0x72, 0x3d, 0xff]));
    await expect(answer).rejects.toMatchObject({
      name: "AuthenticationError",
      cause: expect.any(TypeError) as unknown,
    });
  });

  test("no data", async () => {
    await expect((await begun()).respond(undefined)).rejects.toThrow(/malformed/);
  });

  test("an iteration count outside of other bounds, but not one within", async () => {
    const answer = (await begun({ maxIterations: 5000 })).respond(bytes(serverFirst.replace("4096", "5001")));
    await expect(answer).rejects.toThrow(/4096 to 5000/);
    await exchange({ minIterations: 1 }, { iterations: 1 });
  });

  test("extensions that are optional are let be", async () => {
    const answer = await (await begun()).respond(bytes(`${serverFirst},x=y,z=1`));
    expect(text(answer)).toMatch(/^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=/);
  });

  test("more than one", async () => {
    const authentication = await begun();
    await authentication.respond(bytes(serverFirst));
    await expect(authentication.respond(bytes(serverFirst))).rejects.toThrow(/asks for more/);
  });

  test.each<[what: string, message: string | undefined, error: RegExp]>([
    ["a wrong signature", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95F4=", /signature is wrong/],
    ["a short signature", "v=6rri", /signature is wrong/],
    ["an empty signature", "v=", /signature is wrong/],
    ["no Base64", "v=6rr", /malformed/],
    ["an error", "e=invalid-proof", /refused by SCRAM: invalid-proof$/],
    ["no data", undefined, /malformed/],
  ])("at the end, %s", async (_, message, error) => {
    const authentication = await begun();
    await authentication.respond(bytes(serverFirst));
    const verdict = authentication.verify(message === undefined ? undefined : bytes(message));
    await expect(verdict).rejects.toThrow(AuthenticationError);
    await expect(verdict).rejects.toThrow(error);
  });

  test("a signature without a question", async () => {
    const verdict = (await begun()).verify(bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    await expect(verdict).rejects.toThrow(/signature is wrong/);
  });
});

describe("an option that is refused:", () => {
  test.each<[option: string, options: object]>([
    ["username", { username: "" }],
    ["username", { username: "\u00ad" }],
    ["username", { username: "us\u0007er" }],
    ["username", { username: undefined }],
    ["password", { password: "" }],
    ["password", { password: "pen\u{1f600}" }],
    ["password", { password: new Uint8Array() }],
    ["password", { password: undefined }],
    ["algorithm", { algorithm: "SCRAM-MD5" }],
    ["algorithm", { algorithm: "SHA-256" }],
    ["algorithm", { algorithm: "SCRAM-SHA-256-PLUS" }],
    ["minIterations", { minIterations: 0 }],
    ["minIterations", { minIterations: 4097, maxIterations: 4096 }],
    ["user", { user: "user" }],
  ])("%s: %j", (option, options) => {
    const make = (): unknown => scram({ username: "user", password: "pencil", ...options });
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(
      expect.objectContaining({ option, message: expect.not.stringContaining("pen\u{1f600}") as string }),
    );
  });
});

test.each([
  ["has no secure context", { getRandomValues: () => undefined }],
  ["has no crypto at all", undefined],
])("a page that %s is told why it cannot have SCRAM", (_, crypto) => {
  vi.stubGlobal("crypto", crypto);
  const make = (): unknown => scram({ username: "user", password: "pencil" });
  expect(make).toThrow(UnsupportedError);
  expect(make).toThrow(/secure context/);
});

/** What there is of pg in JavaScript without types. */
interface PostgresSasl {
  startSession(mechanisms: readonly string[]): { readonly clientNonce: string; readonly response: string };
  continueSession(session: object, password: string, serverFirst: string): Promise<void>;
  finalizeSession(session: object, serverFinal: string): void;
}

interface XmppMechanism {
  readonly _serverSignature: Uint8Array;
  response(credentials: object): Promise<string> | string;
  challenge(serverFirst: string): XmppMechanism;
}
