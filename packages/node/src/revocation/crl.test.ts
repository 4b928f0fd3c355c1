import { sign } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { createCrl, startResponderServer, type Reply, type ResponderServer } from "../../testing/revocation-lab.ts";
import { DerElement, derTag, encodeDer } from "../keys/der.ts";
import { AnswerCache } from "./answer-cache.ts";
import { checkRevocation, type Revocation, type RevocationOptions } from "./check-revocation.ts";

let lab: CertificateLab;
let server: ResponderServer;
let root: Authority;
let rootList: Uint8Array;
let authority: Authority;
let stranger: Authority;
let good: IssuedCertificate;
let revoked: IssuedCertificate;
let held: IssuedCertificate;

beforeAll(async () => {
  lab = await createCertificateLab();
  server = await startResponderServer();
  root = await lab.createAuthority({ commonName: "Root" });
  // It holds at any time that a test pretends to be in.
  const longLife = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20990101000000Z"];
  rootList = await createCrl(lab, root, { arguments: longLife });
  authority = await root.issueAuthority({ commonName: "Authority", crlUrl: server.url("/root.crl") });
  // The same name with another key.
  stranger = await root.issueAuthority({ commonName: "Authority" });
  const crlUrl = server.url("/authority.crl");
  good = await authority.issue({ commonName: "good", crlUrl });
  revoked = await authority.issue({ commonName: "revoked", crlUrl });
  held = await authority.issue({ commonName: "held", crlUrl });
  await authority.revoke(revoked, "keyCompromise");
  await authority.revoke(held, "superseded");
  // openssl puts a certificate on hold only together with a reason that it cannot give here; its database can.
  const index = await readFile(authority.indexFile, "utf8");
  await writeFile(authority.indexFile, index.replace("superseded", "certificateHold"));
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await lab.cleanup();
});

beforeEach(() => {
  server.reset();
  server.on("/root.crl", rootList);
});

function check(options: Partial<RevocationOptions>, certificate = good): Promise<readonly Revocation[]> {
  return checkRevocation([certificate.der, authority.der, root.der], {
    signal: new AbortController().signal,
    cache: new AnswerCache(),
    ...options,
  });
}

const hour = 3_600_000;
const fromNow = (ms: number): Date => new Date(Date.now() + ms);

/** A list, what becomes of it, and what the user reads. */
interface Situation {
  readonly name: string;
  readonly certificate?: () => IssuedCertificate;
  readonly reply: () => Reply | Promise<Reply>;
  readonly now?: () => Date;
  readonly status: Revocation["status"];
  readonly message: RegExp;
}

const scope = (...lines: string[]): { extensions: string[]; sections: string[] } => ({
  extensions: ["issuingDistributionPoint = critical, @scope"],
  sections: ["[scope]", ...lines],
});

const situations: readonly Situation[] = [
  {
    name: "good",
    reply: () => createCrl(lab, authority),
    status: "good",
    message: /^The server's certificate has not been revoked, says http:\/\/127.0.0.1:\d+\/authority.crl$/,
  },
  {
    name: "without entries",
    reply: () =>
      createCrl(lab, stranger, { keyFile: authority.keyFile, arguments: ["-cert", authority.certificateFile] }),
    status: "good",
    message: /has not been revoked/,
  },
  {
    name: "with the certificate in it",
    certificate: () => revoked,
    reply: () => createCrl(lab, authority),
    status: "revoked",
    message: /^The server's certificate has been revoked since 20\S+Z \(keyCompromise\), says /,
  },
  {
    name: "with the certificate in it, and expired",
    certificate: () => revoked,
    reply: () => createCrl(lab, authority),
    now: () => fromNow(48 * hour),
    status: "revoked",
    message: /has been revoked/,
  },
  {
    name: "with the certificate on hold",
    certificate: () => held,
    reply: () => createCrl(lab, authority),
    status: "revoked",
    message: /\(certificateHold\), says /,
  },
  {
    name: "with the certificate on hold, and expired",
    certificate: () => held,
    reply: () => createCrl(lab, authority),
    now: () => fromNow(48 * hour),
    status: "unavailable",
    message: /expired on 20/,
  },
  {
    name: "expired",
    reply: () => createCrl(lab, authority),
    now: () => fromNow(25 * hour),
    status: "unavailable",
    message: /sent an answer that expired on 20\S+Z$/,
  },
  {
    name: "of the future",
    reply: () => createCrl(lab, authority),
    now: () => fromNow(-hour),
    status: "unavailable",
    message: /is of the future, 20/,
  },
  {
    name: "of another authority",
    reply: () => createCrl(lab, root),
    status: "unavailable",
    message: /is of another authority$/,
  },
  {
    name: "of an authority of the same name",
    reply: () => createCrl(lab, stranger),
    status: "unavailable",
    message: /has no signature of the certificate's issuer$/,
  },
  {
    name: "with a damaged signature",
    reply: async () => {
      const list = await createCrl(lab, authority);
      list[list.length - 1] = (list.at(-1) ?? 0) ^ 1;
      return list;
    },
    status: "unavailable",
    message: /has no signature of the certificate's issuer$/,
  },
  {
    name: "signed by SHA-1",
    reply: () => createCrl(lab, authority, { arguments: ["-md", "sha1"] }),
    status: "unavailable",
    message: /is signed with an algorithm that is not trusted$/,
  },
  {
    name: "a delta",
    reply: () => createCrl(lab, authority, { extensions: ["2.5.29.27 = critical, DER:02:01:01"] }),
    status: "unavailable",
    message: /is a delta, which is not understood$/,
  },
  {
    name: "indirect",
    reply: () => createCrl(lab, authority, scope("indirectCRL = TRUE")),
    status: "unavailable",
    message: /is an indirect list, which is not understood$/,
  },
  {
    name: "only about some reasons",
    reply: () => createCrl(lab, authority, scope("onlysomereasons = keyCompromise")),
    status: "unavailable",
    message: /has only some reasons for a revocation$/,
  },
  {
    name: "only about authorities",
    reply: () => createCrl(lab, authority, scope("onlyCA = TRUE")),
    status: "unavailable",
    message: /is for other kinds of certificates$/,
  },
  {
    name: "only about attributes",
    reply: () => createCrl(lab, authority, scope("onlyAA = TRUE")),
    status: "unavailable",
    message: /is for other kinds of certificates$/,
  },
  {
    name: "only about what is no authority",
    reply: () => createCrl(lab, authority, scope("onlyuser = TRUE")),
    status: "good",
    message: /has not been revoked/,
  },
  {
    name: "of this distribution point",
    reply: () => createCrl(lab, authority, scope(`fullname = URI:${server.url("/authority.crl")}`)),
    status: "good",
    message: /has not been revoked/,
  },
  {
    name: "of another distribution point",
    reply: () => createCrl(lab, authority, scope(`fullname = URI:${server.url("/other.crl")}`)),
    status: "unavailable",
    message: /is the list of another distribution point$/,
  },
  {
    name: "with a critical extension that nobody knows",
    reply: () => createCrl(lab, authority, { extensions: ["1.2.3.4 = critical, DER:05:00"] }),
    status: "unavailable",
    message: /has a critical extension that is not understood, 1\.2\.3\.4$/,
  },
  {
    name: "with an extension that nobody needs to know",
    reply: () => createCrl(lab, authority, { extensions: ["1.2.3.4 = DER:05:00"] }),
    status: "good",
    message: /has not been revoked/,
  },
  {
    name: "PEM instead of DER",
    reply: async () => Buffer.from((await authority.createCrl()).pem),
    status: "unavailable",
    message: /is no list of revoked certificates$/,
  },
  {
    name: "a certificate instead",
    reply: () => authority.der,
    status: "unavailable",
    message: /is no list of revoked certificates$/,
  },
  {
    name: "cut off",
    reply: async () => (await createCrl(lab, authority)).subarray(0, -1),
    status: "unavailable",
    message: /is no list of revoked certificates$/,
  },
  {
    name: "garbage",
    reply: () => Buffer.from("<html>It works!</html>"),
    status: "unavailable",
    message: /is no list of revoked certificates$/,
  },
  {
    name: "empty",
    reply: () => new Uint8Array(),
    status: "unavailable",
    message: /is no list of revoked certificates$/,
  },
  {
    name: "too long",
    reply: () => new Uint8Array(16 * 1024 * 1024 + 1),
    status: "unavailable",
    message: /answered with more than 16777216 bytes$/,
  },
  {
    name: "compressed",
    reply: () => ({ headers: { "content-encoding": "gzip" }, body: new Uint8Array(9) }),
    status: "unavailable",
    message: /answered with the encoding gzip, which was not asked for$/,
  },
  { name: "HTTP 404", reply: () => ({ status: 404 }), status: "unavailable", message: /the HTTP status 404$/ },
];

describe.each(situations)("a list that is $name", (situation) => {
  test.each(["ifAvailable", "required"] as const)("%s", async (mode) => {
    const { status, message } = situation;
    server.on("/authority.crl", await situation.reply());
    const results = await check({ crl: mode, now: situation.now?.() }, situation.certificate?.());
    const gap = mode === "required" ? "revocation-unknown" : undefined;
    const problem = { good: undefined, revoked: "revoked", unknown: gap, unavailable: gap }[status];
    expect(results).toMatchObject([
      { mechanism: "crl", index: 0, status, problem },
      { mechanism: "crl", index: 1, status: "good", problem: undefined },
    ]);
    expect(results[0]?.message).toMatch(message);
  });
});

test("an authority in the chain is looked up too, in the list of the authority above it", async () => {
  const fallen = await root.issueAuthority({ commonName: "Fallen", crlUrl: server.url("/root.crl") });
  const certificate = await fallen.issue({ commonName: "below", crlUrl: server.url("/fallen.crl") });
  await root.revoke(fallen, "CACompromise");
  server.on("/root.crl", await createCrl(lab, root, scope("onlyCA = TRUE")));
  server.on("/fallen.crl", await createCrl(lab, fallen));
  const results = await checkRevocation([certificate.der, fallen.der, root.der], {
    crl: "ifAvailable",
    signal: new AbortController().signal,
    cache: new AnswerCache(),
  });
  expect(results).toMatchObject([
    { index: 0, status: "good", problem: undefined },
    { index: 1, status: "revoked", problem: "revoked" },
  ]);
  expect(results[1]?.message).toMatch(
    /^The authority's certificate [\da-f]+ has been revoked since .*\(cACompromise\)/,
  );
});

test("an authority whose key is not for lists cannot sign one", async () => {
  const limited = await root.issueAuthority({ commonName: "Limited", keyUsage: ["keyCertSign"] });
  const certificate = await limited.issue({ commonName: "x", crlUrl: server.url("/limited.crl") });
  server.on("/limited.crl", await createCrl(lab, limited));
  const [result] = await checkRevocation([certificate.der, limited.der], {
    crl: "required",
    signal: new AbortController().signal,
    cache: new AnswerCache(),
  });
  expect(result?.message).toMatch(/is signed with a key that is not for lists of revoked certificates$/);
});

test.each(["RSA", "EC-P384", "Ed25519"] as const)("a list that is signed with a key of the kind %s", async (key) => {
  const other = await lab.createAuthority({ commonName: "Other", key });
  const certificate = await other.issue({ commonName: "other", crlUrl: server.url("/other.crl") });
  const pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt"];
  const signings = key === "RSA" ? [[], [...pss, "rsa_pss_saltlen:32"], [...pss, "rsa_pss_saltlen:-1"]] : [[]];
  for (const signing of signings) {
    const list = await createCrl(lab, other, { arguments: signing });
    server.on("/other.crl", list);
    const options = { crl: "required", signal: new AbortController().signal } as const;
    const lookUp = (): Promise<readonly Revocation[]> =>
      checkRevocation([certificate.der, other.der], { ...options, cache: new AnswerCache() });
    expect(await lookUp()).toMatchObject([{ status: "good" }]);
    list[list.length - 9] = (list.at(-9) ?? 0) ^ 1;
    expect(await lookUp()).toMatchObject([{ status: "unavailable" }]);
  }
});

test("PSS with SHA-1 is not trusted", async () => {
  const other = await lab.createAuthority({ commonName: "Other", key: "RSA" });
  const certificate = await other.issue({ commonName: "other", crlUrl: server.url("/other.crl") });
  server.on(
    "/other.crl",
    await createCrl(lab, other, { arguments: ["-md", "sha1", "-sigopt", "rsa_padding_mode:pss"] }),
  );
  const options = { crl: "required", signal: new AbortController().signal, cache: new AnswerCache() } as const;
  const [result] = await checkRevocation([certificate.der, other.der], options);
  expect(result?.message).toMatch(/is signed with an algorithm that is not trusted$/);
});

test("a long list is searched in no time that anybody notices", async () => {
  const entries = Array.from({ length: 100_000 }, (_, index) => {
    const serial = (0xa000000000n + BigInt(index)).toString(16).toUpperCase();
    return `R\t301123000000Z\t200101000000Z,keyCompromise\t${serial}\tunknown\t/CN=${index}`;
  });
  const own = (await readFile(authority.indexFile, "utf8")).trim().split("\n");
  const indexFile = await lab.write("long-index.txt", [...entries, ...own, ""].join("\n"));
  await lab.write("crlnumber", "01\n");
  await lab.write("long-index.txt.attr", "unique_subject = no\n");
  const list = await createCrl(lab, authority, { indexFile });
  expect(list.length).toBeGreaterThan(3_000_000);
  server.on("/authority.crl", list);
  const start = performance.now();
  const [absent] = await check({ crl: "required" });
  const [present] = await check({ crl: "required" }, revoked);
  expect(absent).toMatchObject({ status: "good" });
  expect(present).toMatchObject({ status: "revoked" });
  // The library alone would take 20 s and 1 GiB for it.
  expect(performance.now() - start).toBeLessThan(5_000);
});

describe("a list that openssl would not make, but signed as it should be", () => {
  /** Changes the fields: version, signature, issuer, thisUpdate, nextUpdate, entries, extensions. */
  async function forge(change: (fields: readonly DerElement[]) => readonly Uint8Array[]): Promise<Uint8Array> {
    const [content, algorithm] = DerElement.parse(await createCrl(lab, authority)).children();
    const forged = encodeDer(derTag.sequence, ...change(content?.children() ?? []));
    const signature = encodeDer(derTag.bitString, Uint8Array.of(0), sign("sha256", forged, authority.key));
    return encodeDer(derTag.sequence, forged, algorithm?.bytes ?? new Uint8Array(), signature);
  }

  const without = (left: number) => (fields: readonly DerElement[]) =>
    fields.filter((_, index) => index !== left).map(({ bytes }) => bytes);
  const replace = (at: number, value: Uint8Array) => (fields: readonly DerElement[]) =>
    fields.map(({ bytes }, index) => (index === at ? value : bytes));
  const entry = (...more: readonly Uint8Array[]): Uint8Array => {
    const serial = encodeDer(derTag.integer, Buffer.from(`00${good.serialNumber}`, "hex"));
    const time = encodeDer(derTag.utcTime, Buffer.from("260101000000Z"));
    return encodeDer(derTag.sequence, encodeDer(derTag.sequence, serial, time, ...more));
  };
  /** certificateIssuer, critical: a directoryName without parts. */
  const ofOther = Buffer.from("3012301006 03551d1d 0101ff 0406 3004a4023000".replaceAll(" ", ""), "hex");
  /** ecdsa-with-SHA384. */
  const otherAlgorithm = Buffer.from("300a06082a8648ce3d040303", "hex");

  test.each([
    ["nothing changed", () => without(-1), "good", /not been revoked/],
    ["without an end", () => without(4), "unavailable", /does not say how long it holds$/],
    [
      "the serial number with a zero before it",
      () => replace(5, entry()),
      "revoked",
      /since 2026-01-01T00:00:00.000Z, says/,
    ],
    ["the serial number of somebody else", () => replace(5, entry(ofOther)), "unavailable", /is no list of/],
    ["entries that are none", () => replace(5, Buffer.from("3003020101", "hex")), "unavailable", /is no list of/],
    ["two algorithms", () => replace(1, otherAlgorithm), "unavailable", /contradicts itself about its signature$/],
  ] as const)("%s", async (_, change, status, message) => {
    server.on("/authority.crl", await forge(change()));
    const [result] = await check({ crl: "required" });
    expect(result).toMatchObject({ status });
    expect(result?.message).toMatch(message);
  });
});

test("no damaged list is believed, and none throws", async () => {
  const whole = await createCrl(lab, authority);
  for (let index = 0; index < whole.length; index += 1) {
    const damaged = Uint8Array.from(whole);
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (index % 8));
    server.on("/authority.crl", damaged);
    const [result] = await check({ crl: "required" });
    expect({ index, status: result?.status }).toEqual({ index, status: "unavailable" });
  }
});
