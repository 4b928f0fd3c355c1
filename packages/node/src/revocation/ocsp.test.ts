import { sign } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import {
  answerOcsp,
  requestOcsp,
  startResponderServer,
  type Asked,
  type OcspSettings,
  type Reply,
  type ResponderServer,
} from "../../testing/revocation-lab.ts";
import { DerElement, derTag, encodeDer } from "../keys/der.ts";
import { AnswerCache } from "./answer-cache.ts";
import { checkRevocation, type Revocation, type RevocationOptions } from "./check-revocation.ts";

let lab: CertificateLab;
let server: ResponderServer;
let root: Authority;
let authority: Authority;
let stranger: Authority;
let good: IssuedCertificate;
let revoked: IssuedCertificate;
let held: IssuedCertificate;
let signers: Record<"delegate" | "withoutUsage" | "withoutKeyUsage" | "expired" | "foreign", IssuedCertificate>;
let emptyIndex: string;

beforeAll(async () => {
  lab = await createCertificateLab();
  server = await startResponderServer();
  root = await lab.createAuthority({ commonName: "Root" });
  authority = await root.issueAuthority({ commonName: "Authority" });
  // The same name with another key.
  stranger = await lab.createAuthority({ commonName: "Authority" });
  const ocspUrl = server.url("/ocsp");
  good = await authority.issue({ commonName: "good", ocspUrl });
  revoked = await authority.issue({ commonName: "revoked", ocspUrl });
  held = await authority.issue({ commonName: "held", ocspUrl });
  const signer = { commonName: "Responder", extendedKeyUsage: ["OCSPSigning"] };
  const longAgo = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2021-01-01T00:00:00Z") };
  signers = {
    delegate: await authority.issue({ ...signer, keyUsage: ["digitalSignature"] }),
    withoutUsage: await authority.issue({ commonName: "Responder", extendedKeyUsage: ["serverAuth"] }),
    withoutKeyUsage: await authority.issue({ ...signer, keyUsage: ["keyEncipherment"] }),
    expired: await authority.issue({ ...signer, ...longAgo }),
    foreign: await stranger.issue(signer),
  };
  await authority.revoke(revoked, "keyCompromise");
  await authority.revoke(held, "superseded");
  await putOnHold(authority, held);
  emptyIndex = await lab.write("empty-index.txt", "");
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await lab.cleanup();
});

beforeEach(() => server.reset());

/** openssl can only put a certificate on hold when it makes a list; the database knows how to say it. */
async function putOnHold({ indexFile }: Authority, { serialNumber }: IssuedCertificate): Promise<void> {
  const lines = (await readFile(indexFile, "utf8")).split("\n");
  const changed = lines.map((line) =>
    line.includes(serialNumber) ? line.replace("superseded", "certificateHold") : line,
  );
  await writeFile(indexFile, changed.join("\n"));
}

function chainOf(...certificates: readonly IssuedCertificate[]): readonly Uint8Array[] {
  return certificates.map(({ der }) => der);
}

type Check = Partial<RevocationOptions> & { readonly certificate?: IssuedCertificate };

async function check({ certificate = good, ...options }: Check): Promise<Revocation> {
  const [first, ...others] = await checkRevocation(chainOf(certificate, authority, root), {
    signal: new AbortController().signal,
    cache: new AnswerCache(),
    ...options,
  });
  expect(others).toEqual([]);
  if (first === undefined) throw new Error("Nothing was checked");
  return first;
}

/** openssl's answer to whatever is asked. */
function responder(settings: OcspSettings = {}): (asked: Asked) => Promise<Reply> {
  return ({ body }) => answerOcsp(lab, authority, body, { arguments: ["-ndays", "1"], ...settings });
}

/** Signed by the authority that would be right, about a certificate of another one. */
async function answerAboutSameSerial(issuer: Authority): Promise<Uint8Array> {
  const file = join(lab.directory, `same-serial-of-${issuer.serialNumber}.request`);
  const serial = ["-no_nonce", "-serial", `0x${good.serialNumber}`];
  await lab.openssl("ocsp", "-issuer", issuer.certificateFile, ...serial, "-reqout", file);
  return answerOcsp(lab, issuer, await readFile(file), { signer: authority, indexFile: authority.indexFile });
}

const hour = 3_600_000;
const fromNow = (ms: number): Date => new Date(Date.now() + ms);

/** What a responder does, what becomes of it, and what the user reads. */
interface Situation {
  readonly name: string;
  readonly certificate?: () => IssuedCertificate;
  readonly settings?: () => OcspSettings;
  readonly reply?: (asked: Asked) => Reply | Promise<Reply>;
  readonly now?: () => Date;
  readonly status: Revocation["status"];
  readonly message: RegExp;
  /** A stapled answer can be in this situation too. */
  readonly isStapled?: boolean;
}

const stapled = { isStapled: true };

const situations: readonly Situation[] = [
  { ...stapled, name: "good", status: "good", message: /^The server's certificate has not been revoked, says / },
  {
    ...stapled,
    name: "revoked",
    certificate: () => revoked,
    status: "revoked",
    message: /^The server's certificate has been revoked since 20\S+Z \(keyCompromise\), says /,
  },
  {
    ...stapled,
    name: "revoked, by an answer that has expired",
    certificate: () => revoked,
    now: () => fromNow(48 * hour),
    status: "revoked",
    message: /has been revoked/,
  },
  { ...stapled, name: "on hold", certificate: () => held, status: "revoked", message: /\(certificateHold\), says / },
  {
    ...stapled,
    name: "on hold, by an answer that has expired",
    certificate: () => held,
    now: () => fromNow(48 * hour),
    status: "unavailable",
    message: /expired on 20/,
  },
  {
    ...stapled,
    name: "unknown",
    settings: () => ({ indexFile: emptyIndex, arguments: ["-ndays", "1"] }),
    status: "unknown",
    message: /^Nobody could say whether the server's certificate has been revoked: .* does not know it$/,
  },
  {
    ...stapled,
    name: "expired",
    now: () => fromNow(25 * hour),
    status: "unavailable",
    message: /expired on 20\S+Z$/,
  },
  {
    ...stapled,
    name: "expired a moment ago, which may be the clock",
    now: () => fromNow(24 * hour + 60_000),
    status: "good",
    message: /has not been revoked/,
  },
  {
    ...stapled,
    name: "of the future",
    now: () => fromNow(-hour),
    status: "unavailable",
    message: /is of the future, 20/,
  },
  {
    ...stapled,
    name: "without an end, of today",
    settings: () => ({ arguments: [] }),
    now: () => fromNow(23 * hour),
    status: "good",
    message: /has not been revoked/,
  },
  {
    ...stapled,
    name: "without an end, too old",
    settings: () => ({ arguments: [] }),
    now: () => fromNow(25 * hour),
    status: "unavailable",
    message: /is too old, of 20/,
  },
  {
    ...stapled,
    name: "signed by a responder that is authorized",
    settings: () => ({ signer: signers.delegate }),
    status: "good",
    message: /has not been revoked/,
  },
  {
    ...stapled,
    name: "signed with a certificate for something else",
    settings: () => ({ signer: signers.withoutUsage }),
    status: "unavailable",
    message: /is signed with a certificate that was not issued for OCSP$/,
  },
  {
    ...stapled,
    name: "signed with a key that is not for signatures",
    settings: () => ({ signer: signers.withoutKeyUsage }),
    status: "unavailable",
    message: /is signed with a certificate that was not issued for OCSP$/,
  },
  {
    ...stapled,
    name: "signed with a certificate that has expired",
    settings: () => ({ signer: signers.expired }),
    status: "unavailable",
    message: /is signed with a certificate that has expired or is not valid yet$/,
  },
  {
    ...stapled,
    name: "signed by the responder of an authority of the same name",
    settings: () => ({ signer: signers.foreign }),
    status: "unavailable",
    message: /is signed by somebody whom the certificate's issuer has not authorized$/,
  },
  {
    ...stapled,
    name: "signed by an authority of the same name",
    settings: () => ({ signer: stranger }),
    status: "unavailable",
    message: /is signed by somebody whom the certificate's issuer has not authorized$/,
  },
  {
    ...stapled,
    name: "signed by the authority above the issuer",
    settings: () => ({ signer: root }),
    status: "unavailable",
    message: /is signed by somebody whom the certificate's issuer has not authorized$/,
  },
  {
    ...stapled,
    name: "signed by somebody who does not say who it is",
    settings: () => ({ signer: stranger, arguments: ["-resp_no_certs"] }),
    status: "unavailable",
    message: /has no signature of the certificate's issuer$/,
  },
  {
    ...stapled,
    name: "with a damaged signature",
    settings: () => ({ arguments: ["-badsig"] }),
    status: "unavailable",
    message: /has no signature of the certificate's issuer$/,
  },
  {
    ...stapled,
    name: "signed by SHA-1",
    settings: () => ({ arguments: ["-rmd", "sha1"] }),
    status: "unavailable",
    message: /is signed with an algorithm that is not trusted$/,
  },
  {
    ...stapled,
    name: "about another certificate",
    reply: async () => answerOcsp(lab, authority, await requestOcsp(lab, authority, revoked)),
    status: "unavailable",
    message: /is about another certificate$/,
  },
  {
    ...stapled,
    name: "about the same serial number of another authority",
    reply: () => answerAboutSameSerial(root),
    status: "unavailable",
    message: /is about another certificate$/,
  },
  {
    ...stapled,
    name: "about the same serial number of another authority with the same name",
    reply: () => answerAboutSameSerial(stranger),
    status: "unavailable",
    message: /is about another certificate$/,
  },
  {
    name: "to another request",
    reply: async () => answerOcsp(lab, authority, await requestOcsp(lab, authority, good, ["-nonce"])),
    status: "unavailable",
    message: /is not to our request: its nonce is another$/,
  },
  {
    name: "prepared, without our nonce",
    reply: async () => answerOcsp(lab, authority, await requestOcsp(lab, authority, good)),
    status: "good",
    message: /has not been revoked/,
  },
  {
    ...stapled,
    name: "with names hashed by SHA-256",
    reply: async () => answerOcsp(lab, authority, await requestOcsp(lab, authority, good, ["-no_nonce", "-sha256"])),
    status: "good",
    message: /has not been revoked/,
  },
  {
    ...stapled,
    name: "tryLater",
    reply: () => Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x03),
    status: "unavailable",
    message: /is an error, tryLater$/,
  },
  {
    ...stapled,
    name: "unauthorized",
    reply: () => Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x06),
    status: "unavailable",
    message: /is an error, unauthorized$/,
  },
  {
    ...stapled,
    name: "an error that does not exist",
    reply: () => Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x63),
    status: "unavailable",
    message: /is an error, 99$/,
  },
  {
    ...stapled,
    name: "success without an answer",
    reply: () => Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x00),
    status: "unavailable",
    message: /is of a kind that is not understood$/,
  },
  {
    ...stapled,
    name: "garbage",
    reply: () => Buffer.from("<html>It works!</html>"),
    status: "unavailable",
    message: /is no OCSP answer$/,
  },
  {
    ...stapled,
    name: "cut off",
    reply: async (asked) => {
      const whole = await answerOcsp(lab, authority, asked.body);
      return whole.subarray(0, -1);
    },
    status: "unavailable",
    message: /is no OCSP answer$/,
  },
  {
    ...stapled,
    name: "with something behind it",
    reply: async (asked) => Buffer.concat([await answerOcsp(lab, authority, asked.body), Buffer.from([0])]),
    status: "unavailable",
    message: /is no OCSP answer$/,
  },
  {
    ...stapled,
    name: "too long",
    reply: () => new Uint8Array(64 * 1024 + 1),
    status: "unavailable",
    message: /(answered with|has) more than 65536 bytes$/,
  },
  { name: "empty", reply: () => new Uint8Array(), status: "unavailable", message: /is no OCSP answer$/ },
  { name: "HTTP 500", reply: () => ({ status: 500 }), status: "unavailable", message: /the HTTP status 500$/ },
];

describe.each(situations)("an OCSP answer that is $name", (situation) => {
  test.each(["ifAvailable", "required"] as const)("asked for, %s", async (mode) => {
    const { status, message } = situation;
    server.on("/ocsp", replyIn(situation));
    const result = await check({ ocsp: mode, certificate: certificateIn(situation), now: situation.now?.() });
    expect(result).toMatchObject({ mechanism: "ocsp", index: 0, status, problem: problemOf(status, mode) });
    expect(result.message).toMatch(message);
    expect(server.asked).toHaveLength(1);
  });
});

describe.each(situations.filter(({ isStapled }) => isStapled))("a stapled answer that is $name", (situation) => {
  test.each(["ifAvailable", "required"] as const)("%s", async (mode) => {
    const { status, message } = situation;
    const certificate = certificateIn(situation);
    const body = await requestOcsp(lab, authority, certificate);
    const answer = await replyIn(situation)({ method: "POST", path: "/ocsp", headers: {}, body });
    if (!(answer instanceof Uint8Array)) throw new Error("Only bytes can be stapled");
    const result = await check({ ocspStapling: mode, stapled: answer, certificate, now: situation.now?.() });
    expect(result).toMatchObject({ mechanism: "ocspStapling", index: 0, status, problem: problemOf(status, mode) });
    expect(result.message).toMatch(message);
    expect(server.asked).toHaveLength(0);
  });
});

describe("an answer that openssl would not give, but signed as it should be", () => {
  /** Changes the fields of ResponseData: responderID, producedAt, responses, and puts the authority's signature on it. */
  async function forge(
    change: (fields: readonly DerElement[]) => readonly Uint8Array[],
    otherAlgorithm?: Uint8Array,
  ): Promise<Uint8Array> {
    const body = await requestOcsp(lab, authority, good);
    const whole = DerElement.parse(await answerOcsp(lab, authority, body, { arguments: ["-ndays", "1"] }));
    const [type, response] = whole.child(1).child(0).children();
    const [data, algorithm] = DerElement.parse(response?.octetString() ?? new Uint8Array()).children();
    const forged = sequence(...change(data?.children() ?? []));
    const signature = encodeDer(derTag.bitString, Uint8Array.of(0), sign("sha256", forged, authority.key));
    const basic = sequence(forged, otherAlgorithm ?? algorithm?.bytes ?? new Uint8Array(), signature);
    const content = sequence(type?.bytes ?? new Uint8Array(), encodeDer(derTag.octetString, basic));
    return sequence(whole.child(0).bytes, encodeDer(0xa0, content));
  }

  const sequence = (...contents: readonly Uint8Array[]): Uint8Array => encodeDer(derTag.sequence, ...contents);
  const time = (text: string): Uint8Array => encodeDer(derTag.generalizedTime, Buffer.from(text));
  /** 1.2.3.4, critical. */
  const strange = encodeDer(0xa1, sequence(sequence(Buffer.from("06032a03040101ff04020500", "hex"))));

  /** Changes the fields of the one SingleResponse: certID, certStatus, thisUpdate, [0] nextUpdate. */
  const single =
    (...changes: readonly ((fields: readonly Uint8Array[]) => readonly Uint8Array[])[]) =>
    (fields: readonly DerElement[]): readonly Uint8Array[] => {
      const own =
        fields[2]
          ?.child(0)
          .children()
          .map(({ bytes }) => bytes) ?? [];
      const responses = sequence(...changes.map((change) => sequence(...change(own))));
      return fields.map(({ bytes }, index) => (index === 2 ? responses : bytes));
    };
  const replace = (at: number, value: Uint8Array) => (fields: readonly Uint8Array[]) =>
    fields.map((field, index) => (index === at ? value : field));
  const same = (fields: readonly Uint8Array[]): readonly Uint8Array[] => fields;

  test.each([
    ["nothing changed", single(same), "good", /not been revoked/],
    ["none at all", single(), "unavailable", /is no OCSP answer$/],
    [
      "good and revoked at once",
      single(same, replace(1, encodeDer(0xa1, time("20260101000000Z")))),
      "revoked",
      /has been revoked since 2026-01-01T00:00:00.000Z, says/,
    ],
    ["good and unknown at once", single(replace(1, encodeDer(0x82)), same), "good", /not been revoked/],
    ["another status", single(replace(1, encodeDer(0x83))), "unavailable", /is no OCSP answer$/],
    ["a date that is none", single(replace(2, time("20261301000000Z"))), "unavailable", /answer /],
    [
      "a critical extension of the certificate's status",
      single((fields) => [...fields, strange]),
      "unavailable",
      /has a critical extension that is not understood, 1\.2\.3\.4$/,
    ],
    [
      "a critical extension of the whole",
      (fields: readonly DerElement[]) => [...fields.map(({ bytes }) => bytes), strange],
      "unavailable",
      /has a critical extension that is not understood, 1\.2\.3\.4$/,
    ],
  ] as const)("%s", async (_, change, status, message) => {
    const result = await check({ ocspStapling: "required", stapled: await forge(change) });
    expect(result).toMatchObject({ status, problem: problemOf(status, "required") });
    expect(result.message).toMatch(message);
  });

  test.each([
    ["of another kind of key", "300d06092a864886f70d01010b0500", /has no signature of the certificate's issuer$/],
    ["PSS without parameters", "300b06092a864886f70d01010a", /is signed with an algorithm that is not trusted$/],
    ["PSS with SHA-1", "300d06092a864886f70d01010a3000", /is signed with an algorithm that is not trusted$/],
    ["MD5", "300d06092a864886f70d0101040500", /is signed with an algorithm that is not trusted$/],
  ])("an algorithm, %s", async (_, algorithm, message) => {
    const stapled = await forge(single(same), Buffer.from(algorithm, "hex"));
    const result = await check({ ocspStapling: "required", stapled });
    expect(result).toMatchObject({ status: "unavailable" });
    expect(result.message).toMatch(message);
  });
});

test("no damaged answer is believed, and none throws", async () => {
  const body = await requestOcsp(lab, authority, good);
  const whole = await answerOcsp(lab, authority, body, { arguments: ["-ndays", "1", "-resp_no_certs"] });
  for (let index = 0; index < whole.length; index += 1) {
    const damaged = Uint8Array.from(whole);
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (index % 8));
    const { status } = await check({ ocspStapling: "required", stapled: damaged });
    expect({ index, status }).toEqual({ index, status: "unavailable" });
  }
});

test.each(["RSA", "EC-P384", "EC-P521"] as const)("an answer that is signed with a key of the kind %s", async (key) => {
  const other = await lab.createAuthority({ commonName: "Other", key });
  const certificate = await other.issue({ commonName: "other", ocspUrl: server.url("/ocsp") });
  const signings = key === "RSA" ? [[], ["-rsigopt", "rsa_padding_mode:pss"]] : [[]];
  for (const signing of signings) {
    server.on("/ocsp", ({ body }) => answerOcsp(lab, other, body, { arguments: ["-rmd", "sha384", ...signing] }));
    const result = await checkRevocation(chainOf(certificate, other), {
      ocsp: "required",
      signal: new AbortController().signal,
      cache: new AnswerCache(),
    });
    expect(result).toMatchObject([{ status: "good" }]);
  }
});

test("the request is one that openssl understands, with a nonce that is new each time", async () => {
  server.on("/ocsp", responder());
  await check({ ocsp: "required" });
  await check({ ocsp: "required" });
  const [first, second] = server.asked;
  expect(first).toMatchObject({ method: "POST", headers: { "content-type": "application/ocsp-request" } });
  const text = await lab.openssl("ocsp", "-reqin", await lab.write("asked.request", first?.body ?? ""), "-req_text");
  expect(text).toContain(`Serial Number: ${good.serialNumber}`);
  expect(text).toMatch(/OCSP Nonce/);
  expect(first?.body).not.toEqual(second?.body);
});

function certificateIn({ certificate }: Situation): IssuedCertificate {
  return certificate?.() ?? good;
}

function replyIn({ reply, settings }: Situation): (asked: Asked) => Reply | Promise<Reply> {
  return reply ?? ((asked) => responder(settings?.())(asked));
}

function problemOf(status: Revocation["status"], mode: "ifAvailable" | "required"): Revocation["problem"] {
  if (status === "good") return undefined;
  if (status === "revoked") return "revoked";
  return mode === "required" ? "revocation-unknown" : undefined;
}
