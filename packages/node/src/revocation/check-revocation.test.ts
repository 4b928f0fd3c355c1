import { once } from "node:events";
import { connect, createServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  createCertificateLab,
  type Authority,
  type CertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import {
  answerOcsp,
  createCrl,
  requestOcsp,
  startOpensslResponder,
  startResponderServer,
  type Asked,
  type Reply,
  type ResponderServer,
} from "../../testing/revocation-lab.ts";
import { AnswerCache } from "./answer-cache.ts";
import { checkRevocation, type Revocation, type RevocationOptions } from "./check-revocation.ts";

let lab: CertificateLab;
let server: ResponderServer;
let authority: Authority;
let good: IssuedCertificate;
let revoked: IssuedCertificate;

beforeAll(async () => {
  lab = await createCertificateLab();
  server = await startResponderServer();
  authority = await lab.createAuthority({ commonName: "Authority" });
  const addresses = { ocspUrl: server.url("/ocsp"), crlUrl: server.url("/crl"), altNames: ["IP:127.0.0.1"] };
  good = await authority.issue({ commonName: "good", ...addresses });
  revoked = await authority.issue({ commonName: "revoked", ...addresses });
  await authority.revoke(revoked);
}, 60_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await lab.cleanup();
});

beforeEach(() => server.reset());

function check(
  options: Partial<RevocationOptions>,
  chain: readonly { readonly der: Uint8Array }[] = [good, authority],
): Promise<readonly Revocation[]> {
  return checkRevocation(
    chain.map(({ der }) => der),
    { signal: new AbortController().signal, cache: new AnswerCache(), ...options },
  );
}

function respond({ body }: Asked): Promise<Reply> {
  return answerOcsp(lab, authority, body, { arguments: ["-ndays", "1"] });
}

describe("which certificates cannot be checked", () => {
  const modes = [{ ocspStapling: "required" }, { ocsp: "required" }, { crl: "required" }] as const;

  test.each(modes)("one without addresses and without a stapled answer, %o", async (mode) => {
    const bare = await authority.issue({ commonName: "bare" });
    const [result] = await check(mode, [bare, authority]);
    expect(result).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(result?.message).toMatch(
      /: (the server has brought no OCSP answer along|it names no (OCSP responder|list of revoked certificates))$/,
    );
    const [lenient] = await check({ ocsp: "ifAvailable", crl: "ifAvailable", ocspStapling: "ifAvailable" }, [
      bare,
      authority,
    ]);
    expect(lenient).toMatchObject({ status: "unavailable", problem: undefined });
  });

  test.each(modes)("one whose issuer is not in the chain, %o", async (mode) => {
    const [result] = await check(mode, [good]);
    expect(result).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(result?.message).toMatch(/: its issuer is not in the chain$/);
    expect(server.asked).toHaveLength(0);
  });

  test.each(modes)("one that has signed itself, %o", async (mode) => {
    const own = await lab.createSelfSigned({ commonName: "own", ocspUrl: server.url("/ocsp") });
    const [result] = await check(mode, [own]);
    expect(result).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(result?.message).toMatch(/: it was issued by itself, and nobody else can say$/);
  });

  test.each(modes)("one that cannot be read, and none, %o", async (mode) => {
    expect(await check(mode, [{ der: Uint8Array.of(1, 2, 3) }, authority])).toMatchObject([
      { index: 0, status: "unavailable", problem: "revocation-unknown" },
    ]);
    const extensions = ["2.5.29.31 = DER:0500"];
    const damaged = await authority.issue({ commonName: "damaged", extensions });
    expect(await check(mode, [damaged, authority])).toMatchObject([
      { index: 0, status: "unavailable", problem: "revocation-unknown" },
    ]);
    expect(await check(mode, [])).toMatchObject([{ index: 0, status: "unavailable", problem: "revocation-unknown" }]);
  });
});

test("the issuer is found wherever it stands in the chain", async () => {
  server.on("/ocsp", respond);
  const other = await lab.createAuthority({ commonName: "Other" });
  expect(await check({ ocsp: "required" }, [good, other, authority])).toMatchObject([{ status: "good" }]);
});

describe("addresses", () => {
  const named = (ocspUrl: string | readonly string[]): Promise<IssuedCertificate> =>
    authority.issue({ commonName: "named", ocspUrl });

  test("only those with http: are asked", async () => {
    const certificate = await named(["https://127.0.0.1:1/", "ldap://127.0.0.1/"]);
    const [result] = await check({ ocsp: "required" }, [certificate, authority]);
    expect(result?.message).toMatch(/: it names no OCSP responder with http:$/);
  });

  test("the next is asked where one cannot say, and every failure is told", async () => {
    const paths = ["/broken", "/garbage", "/ocsp", "/unused"];
    const certificate = await named(paths.map((path) => server.url(path)));
    server.on("/broken", { status: 503 });
    server.on("/garbage", Uint8Array.of(0));
    server.on("/ocsp", respond);
    expect(await check({ ocsp: "required" }, [certificate, authority])).toMatchObject([{ status: "good" }]);
    expect(server.asked.map(({ path }) => path)).toEqual(paths.slice(0, 3));
    server.on("/ocsp", { status: 500 });
    const [result] = await check({ ocsp: "required" }, [certificate, authority]);
    expect(result?.message).toContain(
      [
        `${server.url("/broken")} answered with the HTTP status 503`,
        `${server.url("/garbage")} sent an answer that is no OCSP answer`,
        `${server.url("/ocsp")} answered with the HTTP status 500`,
        `${server.url("/unused")} answered with the HTTP status 404`,
      ].join("; "),
    );
  });

  test("a responder that does not know the certificate does not hide one that does", async () => {
    const certificate = await named([server.url("/first"), server.url("/second")]);
    const indexFile = await lab.write("nothing.txt", "");
    const ignorant = ({ body }: Asked): Promise<Reply> => answerOcsp(lab, authority, body, { indexFile });
    server.on("/first", ignorant);
    server.on("/second", respond);
    expect(await check({ ocsp: "required" }, [certificate, authority])).toMatchObject([{ status: "good" }]);
    server.on("/second", { status: 500 });
    expect(await check({ ocsp: "required" }, [certificate, authority])).toMatchObject([{ status: "unknown" }]);
  });

  test("four are asked at most", async () => {
    const certificate = await named(["/1", "/2", "/3", "/4", "/5"].map((path) => server.url(path)));
    await check({ ocsp: "required" }, [certificate, authority]);
    expect(server.asked.map(({ path }) => path)).toEqual(["/1", "/2", "/3", "/4"]);
  });

  test("what may be secret in them is not shown", async () => {
    const address = server.url("/ocsp?token=hidden").replace("http://", "http://user:hidden@");
    const [result] = await check({ ocsp: "required" }, [await named(address), authority]);
    expect(result?.message).toContain(`${server.url("/ocsp")} answered with the HTTP status 404`);
    expect(result?.message).not.toContain("hidden");
  });

  test("a list for some reasons only, or by another authority, is not fetched", async () => {
    const url = server.url("/crl");
    const extensions = [
      `crlDistributionPoints = one, two\n[one]\nfullname = URI:${url}\nreasons = keyCompromise`,
      `[two]\nfullname = URI:${url}\nCRLissuer = dirName:other\n[other]\nCN = Other`,
    ];
    const certificate = await authority.issue({ commonName: "parts", extensions });
    const [result] = await check({ crl: "required" }, [certificate, authority]);
    expect(result).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(server.asked).toHaveLength(0);
  });
});

describe("a responder that hangs", () => {
  test.each(["ocsp", "crl"] as const)("costs no more than the time that it is given, %s", async (mechanism) => {
    server.on(`/${mechanism}`, "hang");
    const [strict] = await check({ [mechanism]: "required", timeoutMs: 50 });
    expect(strict).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(strict?.message).toMatch(/took longer than 50 ms$/);
    const [lenient] = await check({ [mechanism]: "ifAvailable", timeoutMs: 50 });
    expect(lenient).toMatchObject({ status: "unavailable", problem: undefined });
  });

  test("is left when the attempt is over", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const hang = (): Reply => {
      if (server.asked.length === 2) controller.abort(reason);
      return "hang";
    };
    server.on("/ocsp", hang);
    server.on("/crl", hang);
    await expect(check({ ocsp: "required", crl: "required", signal: controller.signal })).rejects.toBe(reason);
    await expect(check({ ocsp: "required", signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.asked).toHaveLength(2);
  });
});

describe("several mechanisms", () => {
  const all = { ocspStapling: "required", ocsp: "required", crl: "required" } as const;

  async function prepare(certificate: IssuedCertificate): Promise<Uint8Array> {
    server.on("/ocsp", respond);
    server.on("/crl", await createCrl(lab, authority));
    const body = await requestOcsp(lab, authority, certificate);
    return answerOcsp(lab, authority, body, { arguments: ["-ndays", "1"] });
  }

  test("each is done", async () => {
    const stapled = await prepare(good);
    const results = await check({ ...all, stapled });
    expect(results.map(({ mechanism, status }) => `${mechanism} ${status}`)).toEqual([
      "ocspStapling good",
      "ocsp good",
      "crl good",
    ]);
    expect(server.asked.map(({ path }) => path).sort()).toEqual(["/crl", "/ocsp"]);
  });

  test("nobody is asked when the stapled answer says revoked", async () => {
    const stapled = await prepare(revoked);
    const results = await check({ ...all, stapled }, [revoked, authority]);
    expect(results).toMatchObject([{ mechanism: "ocspStapling", problem: "revoked" }]);
    expect(server.asked).toHaveLength(0);
  });

  test("revoked by one wins over good by another, in the mildest mode", async () => {
    const stapled = await prepare(good);
    const fresh = await authority.issue({
      commonName: "fresh",
      crlUrl: server.url("/crl"),
      ocspUrl: server.url("/ocsp"),
    });
    await authority.revoke(fresh);
    server.on("/ocsp", { status: 500 });
    server.on("/crl", await createCrl(lab, authority));
    const mild = { ocspStapling: "ifAvailable", ocsp: "ifAvailable", crl: "ifAvailable" } as const;
    const results = await check({ ...mild, stapled }, [fresh, authority]);
    expect(results.map(({ problem }) => problem)).toEqual([undefined, undefined, "revoked"]);
  });

  test("good by one does not stand in for another that is required", async () => {
    const stapled = await prepare(good);
    server.on("/ocsp", { status: 500 });
    const results = await check({ ocspStapling: "ifAvailable", ocsp: "required", stapled });
    expect(results.map(({ problem }) => problem)).toEqual([undefined, "revocation-unknown"]);
  });
});

describe("the cache", () => {
  test("what is good is not asked again while it holds, and no longer", async () => {
    const cache = new AnswerCache();
    server.on("/ocsp", respond);
    server.on("/crl", await createCrl(lab, authority));
    const modes = { ocsp: "required", crl: "required" } as const;
    const good_ = [{ status: "good" }, { status: "good" }];
    expect(await check({ ...modes, cache })).toMatchObject(good_);
    expect(await check({ ...modes, cache })).toMatchObject(good_);
    expect(server.asked).toHaveLength(2);
    // The list says that another certificate is revoked; the OCSP answer is about one only.
    expect(await check({ crl: "required", cache }, [revoked, authority])).toMatchObject([{ status: "revoked" }]);
    expect(server.asked).toHaveLength(2);
    expect(await check({ ocsp: "required", cache }, [revoked, authority])).toMatchObject([{ status: "revoked" }]);
    expect(server.asked).toHaveLength(3);
    const now = new Date(Date.now() + 2 * 3_600_000);
    expect(await check({ ...modes, cache, now })).toMatchObject(good_);
    expect(server.asked).toHaveLength(5);
  });

  test("there is one for the whole process", async () => {
    server.on("/ocsp", respond);
    const chain = [good.der, authority.der];
    const options = { ocsp: "required", signal: new AbortController().signal } as const;
    expect(await checkRevocation(chain, options)).toMatchObject([{ status: "good" }]);
    expect(await checkRevocation(chain, options)).toMatchObject([{ status: "good" }]);
    expect(server.asked).toHaveLength(1);
  });

  test("what is not good is asked again", async () => {
    const cache = new AnswerCache();
    server.on("/ocsp", { status: 500 });
    await check({ ocsp: "required", cache });
    server.on("/ocsp", respond);
    expect(await check({ ocsp: "required", cache })).toMatchObject([{ status: "good" }]);
  });
});

test("openssl's own responder", async () => {
  await using responder = await startOpensslResponder(authority);
  const ocspUrl = responder.url;
  const [alive, dead] = [
    await authority.issue({ commonName: "alive", ocspUrl }),
    await authority.issue({ commonName: "dead", ocspUrl }),
  ];
  await authority.revoke(dead, "superseded");
  // It looks for changes of its database after each request, not before.
  await check({ ocsp: "required" }, [alive, authority]);
  expect(await check({ ocsp: "required" }, [alive, authority])).toMatchObject([{ status: "good" }]);
  const [result] = await check({ ocsp: "ifAvailable" }, [dead, authority]);
  expect(result).toMatchObject({ status: "revoked", problem: "revoked" });
  expect(result?.message).toMatch(/has been revoked since 20\S+Z \(superseded\), says http:\/\/127/);
});

describe("stapling by a real server", () => {
  async function stapledBy(certificate: IssuedCertificate, staple?: Buffer): Promise<Uint8Array | undefined> {
    const tls = createServer({ key: certificate.key, cert: certificate.certificate });
    if (staple !== undefined) tls.on("OCSPRequest", (_certificate, _issuer, answer) => answer(null, staple));
    tls.listen(0, "127.0.0.1");
    await once(tls, "listening");
    const { port } = tls.address() as AddressInfo;
    // Node's declarations leave `requestOCSP` out here.
    const asking = { port, host: "127.0.0.1", ca: authority.certificate, requestOCSP: true };
    const socket = connect(asking);
    let stapled: Uint8Array | undefined;
    socket.on("OCSPResponse", (response: unknown) => {
      stapled = response instanceof Uint8Array ? response : undefined;
    });
    await once(socket, "secureConnect");
    socket.destroy();
    tls.close();
    await once(tls, "close");
    return stapled;
  }

  test.each(["ifAvailable", "required"] as const)("%s", async (ocspStapling) => {
    for (const certificate of [good, revoked]) {
      const body = await requestOcsp(lab, authority, certificate);
      const stapled = await stapledBy(certificate, Buffer.from(await answerOcsp(lab, authority, body)));
      const [result] = await check({ ocspStapling, stapled }, [certificate, authority]);
      expect(result?.status).toBe(certificate === good ? "good" : "revoked");
    }
    const stapled = await stapledBy(good);
    expect(stapled).toBeUndefined();
    const problem = ocspStapling === "required" ? "revocation-unknown" : undefined;
    expect(await check({ ocspStapling, stapled })).toMatchObject([{ status: "unavailable", problem }]);
  });

  test("a certificate that says that its servers staple is refused without", async () => {
    const extensions = ["1.3.6.1.5.5.7.1.24 = DER:3003020105"];
    const certificate = await authority.issue({ commonName: "must", extensions });
    const [result] = await check({ ocspStapling: "ifAvailable" }, [certificate, authority]);
    expect(result).toMatchObject({ status: "unavailable", problem: "revocation-unknown" });
    expect(await check({ ocspStapling: "off" }, [certificate, authority])).toEqual([]);
  });
});
