import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import {
  type CertificateProblemCode,
  type ServerAuthentication,
  type TlsOptions,
  TransportError,
} from "@rivulet/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Authority,
  type CertificateLab,
  type CertificateRequest,
  createCertificateLab,
  type IssuedCertificate,
} from "../../testing/certificates.ts";
import { secureTo } from "../../testing/secure-harness.ts";
import { startTlsServer, targetOf, type TestTlsServer } from "../../testing/tls-servers.ts";
import { authenticate } from "./authenticate.ts";
import { certificateInfo } from "./certificate-info.ts";
import { prepare } from "./prepare.ts";
import { verify } from "./verification.ts";

let lab: CertificateLab;
let root: Authority;
let stranger: Authority;

beforeAll(async () => {
  lab = await createCertificateLab();
  root = await lab.createAuthority({ commonName: "Test Root" });
  stranger = await lab.createAuthority({ commonName: "Stranger" });
});
afterAll(() => lab.cleanup());

const named = { commonName: "localhost", altNames: ["DNS:localhost"] };
const yesterday = new Date(Date.now() - 86_400_000);
const tomorrow = new Date(Date.now() + 86_400_000);
const isExpired = { notBefore: new Date("2020-01-01"), notAfter: yesterday };
const everything: TlsOptions = {
  allowExpired: true,
  allowUnknownAuthority: true,
  allowHostnameMismatch: true,
  allowWrongUsage: true,
  allowRevoked: true,
};

/** The server's certificate may be damaged in ways that Node's own defaults do not even serve. */
function serve({ chain, key }: Pick<IssuedCertificate, "chain" | "key">): Promise<TestTlsServer> {
  return startTlsServer({ cert: chain, key, ciphers: "DEFAULT:@SECLEVEL=0" });
}

/** Connects once, and tells what the event said and whether it was accepted. */
async function judge(
  port: number,
  options: TlsOptions,
  hostname?: string,
): Promise<{ codes: CertificateProblemCode[]; isAccepted: boolean; shown: ServerAuthentication | undefined }> {
  let shown: ServerAuthentication | undefined;
  const verify = (authentication: ServerAuthentication): boolean => {
    shown = authentication;
    return authentication.accept;
  };
  const attempt = secureTo(port, options, { verify, ...(hostname === undefined ? {} : { hostname }) });
  const isAccepted = await attempt.then(
    ({ socket }) => {
      socket.destroy();
      return true;
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(TransportError);
      return false;
    },
  );
  const codes = shown?.problems.map(({ code }) => code).sort() ?? [];
  return { codes, isAccepted, shown };
}

describe("each relaxation", () => {
  const kinds = [
    ["expired", "allowExpired"],
    ["unknown-authority", "allowUnknownAuthority"],
    ["wrong-usage", "allowWrongUsage"],
    ["hostname-mismatch", "allowHostnameMismatch"],
  ] as const;
  const subsets = Array.from({ length: 16 }, (_, bits) => kinds.filter((_kind, index) => (bits & (1 << index)) !== 0));

  it.each(subsets.map((wrong) => [wrong.map(([code]) => code).join(" and ") || "nothing", wrong] as const))(
    "allows its own problem only: %s",
    async (_name, wrong) => {
      const codes = wrong.map(([code]) => code);
      const has = (code: CertificateProblemCode): boolean => codes.some((other) => other === code);
      const request: CertificateRequest = {
        ...named,
        ...(has("expired") ? isExpired : {}),
        extendedKeyUsage: [has("wrong-usage") ? "clientAuth" : "serverAuth"],
      };
      const issued = await (has("unknown-authority") ? stranger : root).issue(request);
      await using peer = await serve(issued);
      for (const allowed of subsets) {
        const options = { ca: root.certificate, ...Object.fromEntries(allowed.map(([, option]) => [option, true])) };
        const hostname = has("hostname-mismatch") ? "elsewhere.example" : "localhost";
        const { codes: found, isAccepted, shown } = await judge(peer.port, options, hostname);
        expect(found).toEqual([...codes].sort());
        expect(isAccepted).toBe(wrong.every((kind) => allowed.includes(kind)));
        expect(shown?.reason === undefined).toBe(isAccepted);
        for (const { code, isAllowed } of shown?.problems ?? []) {
          expect(isAllowed).toBe(allowed.some(([other]) => other === code));
        }
      }
    },
  );

  it("allows a certificate that is not valid yet, as one that no longer is", async () => {
    await using peer = await serve(await root.issue({ ...named, notBefore: tomorrow }));
    const options = { ca: root.certificate };
    expect(await judge(peer.port, options)).toMatchObject({ codes: ["not-yet-valid"], isAccepted: false });
    expect(await judge(peer.port, { ...options, allowExpired: true })).toMatchObject({ isAccepted: true });
  });

  it("is off by default, and refuses with a sentence", async () => {
    await using peer = await serve(await stranger.issue({ ...named, ...isExpired, extendedKeyUsage: ["clientAuth"] }));
    await expect(secureTo(peer.port, { ca: root.certificate }, { hostname: "elsewhere.example" })).rejects.toThrow(
      `The certificate of elsewhere.example:${peer.port} is refused: No trusted authority stands behind the ` +
        `certificate, whose chain ends at CN=Stranger (tls.ca); the certificate has expired on ` +
        `${yesterday.toISOString().replace(/\.\d+Z/, ".000Z")}; the certificate has not been issued for servers; the ` +
        `certificate is for DNS:localhost, and not for elsewhere.example`,
    );
  });
});

describe("a chain", () => {
  interface Case {
    readonly make: () => Promise<Pick<IssuedCertificate, "chain" | "key">>;
    readonly codes: CertificateProblemCode[];
    /** Whether all relaxations together accept it. */
    readonly isAllowed: boolean;
  }
  const cases: Record<string, Case> = {
    "that is issued by itself": {
      make: () => lab.createSelfSigned(named),
      codes: ["unknown-authority"],
      isAllowed: true,
    },
    "that is issued by itself and has expired": {
      make: () => lab.createSelfSigned({ ...named, ...isExpired }),
      codes: ["expired", "unknown-authority"],
      isAllowed: true,
    },
    "with a root that nobody knows": {
      make: async () => {
        const issued = await stranger.issue(named);
        return { chain: issued.chain + stranger.certificate, key: issued.key };
      },
      codes: ["unknown-authority"],
      isAllowed: true,
    },
    "without its intermediate": {
      make: async () => {
        const { certificate, key } = await (await root.issueAuthority({ commonName: "Middle" })).issue(named);
        return { chain: certificate, key };
      },
      codes: ["unknown-authority"],
      isAllowed: true,
    },
    "whose intermediate has expired": {
      make: async () => (await root.issueAuthority({ commonName: "Old", ...isExpired })).issue(named),
      codes: ["expired"],
      isAllowed: true,
    },
    "whose intermediate is not for servers": {
      make: async () =>
        (await root.issueAuthority({ commonName: "Clients", extendedKeyUsage: ["clientAuth"] })).issue(named),
      codes: ["wrong-usage"],
      isAllowed: true,
    },
    "whose issuer is no authority": {
      make: async () => (await root.issueAuthority({ commonName: "None", basicConstraints: "CA:FALSE" })).issue(named),
      codes: ["invalid"],
      isAllowed: false,
    },
    "whose issuer is no authority, and which has expired": {
      make: async () =>
        (await root.issueAuthority({ commonName: "None", basicConstraints: "CA:FALSE" })).issue({
          ...named,
          ...isExpired,
        }),
      codes: ["expired", "invalid"],
      isAllowed: false,
    },
    "whose issuer may not sign certificates, and which has expired": {
      make: async () =>
        (await root.issueAuthority({ commonName: "Signer", keyUsage: ["digitalSignature"] })).issue({
          ...named,
          ...isExpired,
        }),
      codes: ["expired", "unknown-authority"],
      isAllowed: true,
    },
    "that is longer than an authority allows, and has expired": {
      make: async () => {
        const first = await root.issueAuthority({
          commonName: "First",
          basicConstraints: "critical, CA:TRUE, pathlen:0",
        });
        return (await first.issueAuthority({ commonName: "Second" })).issue({ ...named, ...isExpired });
      },
      codes: ["expired", "invalid"],
      isAllowed: false,
    },
    "with a critical extension that is unknown, and which has expired": {
      make: () => root.issue({ ...named, ...isExpired, extensions: ["1.2.3.4 = critical, DER:0500"] }),
      codes: ["expired", "invalid"],
      isAllowed: false,
    },
    "signed with SHA-1, which has expired": {
      make: () => root.issue({ ...named, ...isExpired, digest: "sha1" }),
      codes: ["expired", "invalid"],
      isAllowed: false,
    },
    "with a name that its authority may not give, and which has expired": {
      make: async () => {
        const extensions = ["nameConstraints = critical, permitted;DNS:example.org"];
        return (await root.issueAuthority({ commonName: "Limited", extensions })).issue({ ...named, ...isExpired });
      },
      codes: ["expired", "invalid"],
      isAllowed: false,
    },
    "with a wrong signature, and which has expired": {
      make: async () => {
        const forger = await lab.createAuthority({ commonName: "Test Root" });
        return forger.issue({ ...named, ...isExpired });
      },
      codes: ["expired", "unknown-authority"],
      isAllowed: true,
    },
    "whose key may only sign lists": {
      make: () => root.issue({ ...named, keyUsage: ["cRLSign"] }),
      codes: ["wrong-usage"],
      isAllowed: true,
    },
  };

  it.each(Object.keys(cases))("%s", async (name) => {
    const { make, codes, isAllowed } = cases[name] ?? { make: () => root.issue(named), codes: [], isAllowed: true };
    await using peer = await serve(await make());
    const options = { ca: root.certificate };
    expect(await judge(peer.port, options)).toMatchObject({ codes, isAccepted: false });
    expect(await judge(peer.port, { ...options, ...everything })).toMatchObject({ codes, isAccepted: isAllowed });
    // No relaxation is worth anything beside another problem.
    if (codes.includes("expired") && codes.length > 1) {
      expect(await judge(peer.port, { ...options, allowExpired: true })).toMatchObject({ isAccepted: false });
    }
  });

  it("does not lose the limits of an authority to a decoy of it", async () => {
    const extensions = ["nameConstraints = critical, permitted;DNS:example.org"];
    const limited = await root.issueAuthority({ commonName: "Limited", ...isExpired, extensions });
    const forger = await lab.createAuthority({ commonName: "Test Root" });
    // The same name and key without the limits, and dates that OpenSSL likes better. Of its signature it tells nothing.
    const directory = dirname(limited.certificateFile);
    await writeFile(join(directory, "decoy.cnf"), "basicConstraints = critical, CA:TRUE\nkeyUsage = keyCertSign\n");
    const { stdout: decoy } = await promisify(execFile)("openssl", [
      ...["x509", "-req", "-in", join(directory, "request.pem"), "-CA", forger.certificateFile],
      ...["-CAkey", forger.keyFile, "-set_serial", "77", "-days", "3", "-extfile", join(directory, "decoy.cnf")],
    ]);
    const { chain, key } = await limited.issue({ ...named, ...isExpired });
    await using peer = await serve({ chain: chain + decoy, key });
    const options = { ca: root.certificate, allowExpired: true };
    expect(await judge(peer.port, options)).toMatchObject({
      codes: ["expired", "expired", "invalid"],
      isAccepted: false,
    });
  });

  it("is fine with the name in the subject alone, and with a wildcard", async () => {
    await using old = await serve(await root.issue({ commonName: "localhost" }));
    expect(await judge(old.port, { ca: root.certificate })).toMatchObject({ codes: [], isAccepted: true });
    const issued = await root.issue({ commonName: "x", altNames: ["DNS:*.broker.example", "IP:::1"] });
    await using wild = await serve(issued);
    const options = { ca: root.certificate };
    expect(await judge(wild.port, options, "eu.broker.example")).toMatchObject({ isAccepted: true });
    expect(await judge(wild.port, options, "eu.broker.example.")).toMatchObject({ isAccepted: true });
    expect(await judge(wild.port, options, "::1")).toMatchObject({ isAccepted: true });
    expect(await judge(wild.port, options, "a.eu.broker.example")).toMatchObject({ codes: ["hostname-mismatch"] });
    expect(await judge(wild.port, options, "broker.example")).toMatchObject({ codes: ["hostname-mismatch"] });
  });

  it("finds the way that is fine among several", async () => {
    // Two certificates for one key: the old one has expired, and the server shows it.
    const old = await lab.createAuthority({ commonName: "Renewed", ...isExpired });
    const renewed = await lab.openssl(
      ...["req", "-x509", "-new", "-key", old.keyFile, "-subj", "/CN=Renewed", "-days", "3"],
      ...["-addext", "keyUsage=keyCertSign"],
    );
    const issued = await old.issue(named);
    await using peer = await serve({ chain: issued.chain + old.certificate, key: issued.key });
    expect(await judge(peer.port, { ca: [old.certificate, renewed] })).toMatchObject({ codes: [], isAccepted: true });
    expect(await judge(peer.port, { ca: old.certificate })).toMatchObject({ codes: ["expired"], isAccepted: false });
  });
});

describe("a cipher", () => {
  it("that is too weak is refused, and no relaxation and no pin allows it", async () => {
    const issued = await root.issue({ ...named, key: "RSA" });
    await using peer = await startTlsServer({ cert: issued.chain, key: issued.key, ciphers: "AES128-SHA:@SECLEVEL=0" });
    const evidence = {
      certificates: [new X509Certificate(issued.certificate)],
      opensslError: undefined,
      hostname: "localhost",
      cipherSuite: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    };
    const trust = { pem: [root.certificate], certificates: () => [new X509Certificate(root.certificate)] };
    expect(verify(evidence, trust, everything).problems).toEqual([
      {
        code: "weak-cipher",
        message: "TLS_RSA_WITH_3DES_EDE_CBC_SHA has a key of 112 bits, and 128 are demanded",
        isAllowed: false,
      },
    ]);
    const preparation = await prepare(targetOf(1), { acceptServerCertificate: issued.certificate, systemCa: false });
    const context = {
      signal: new AbortController().signal,
      report: () => undefined,
      verify: ({ accept }: ServerAuthentication) => accept,
    };
    const pinned = { evidence, preparation, options: everything, context, stapled: undefined, address: "localhost:1" };
    await expect(authenticate({ ...pinned, isOver: () => false })).rejects.toThrow(
      "The certificate of localhost:1 is refused: TLS_RSA_WITH_3DES_EDE_CBC_SHA has a key of 112 bits, and 128 are demanded",
    );
    const options = { ca: root.certificate, maxVersion: "TLSv1.2", minCipherStrengthBits: 256 } as const;
    await expect(secureTo(peer.port, options)).rejects.toThrow("shares no cipher suite");
  });
});

describe("acceptServerCertificate", () => {
  it("accepts what it names, whatever else is wrong, and nothing else", async () => {
    const bad: CertificateRequest = {
      ...named,
      ...isExpired,
      extendedKeyUsage: ["clientAuth"],
      altNames: ["DNS:other"],
    };
    const issued = await lab.createSelfSigned(bad);
    const another = await lab.createSelfSigned(bad);
    await using peer = await serve(issued);
    const { sha256 } = certificateInfo(issued.der).fingerprints;
    const file = await lab.write("pinned.der", issued.der);
    for (const acceptServerCertificate of [
      issued.certificate,
      issued.der,
      { file },
      sha256,
      sha256.toLowerCase(),
      sha256.replaceAll(/..(?=.)/g, "$&:"),
      [another.certificate, issued.certificate],
      another.certificate + issued.certificate,
    ]) {
      const { codes, isAccepted, shown } = await judge(peer.port, { ca: root.certificate, acceptServerCertificate });
      expect(isAccepted).toBe(true);
      expect(codes).toEqual(["expired", "hostname-mismatch", "unknown-authority", "wrong-usage"]);
      expect(shown?.reason).toBeUndefined();
    }
    for (const acceptServerCertificate of [another.certificate, sha256.replace(/^./, "0").replace(/.$/, "0"), []]) {
      const { isAccepted } = await judge(peer.port, { ca: root.certificate, acceptServerCertificate });
      expect(isAccepted).toBe(false);
    }
  });

  it("is not about the authority above", async () => {
    await using peer = await serve(await stranger.issue(named));
    const options = { ca: root.certificate, acceptServerCertificate: stranger.certificate };
    expect(await judge(peer.port, options)).toMatchObject({ isAccepted: false });
  });

  it("must be a certificate or a fingerprint", async () => {
    await using peer = await serve(await root.issue(named));
    const attempt = secureTo(peer.port, { acceptServerCertificate: "12:34:AB" });
    await expect(attempt).rejects.toMatchObject({ option: "tls.acceptServerCertificate" });
    await expect(attempt).rejects.toThrow('tls.acceptServerCertificate is "12:34:AB", which is neither');
  });
});

describe("verifyServerCertificate", () => {
  it("knows what is wrong, and decides after everything else", async () => {
    await using peer = await serve(await stranger.issue(named));
    const seen: ServerAuthentication[] = [];
    const options: TlsOptions = {
      ca: root.certificate,
      verifyServerCertificate: async (authentication) => {
        seen.push({ ...authentication });
        return Promise.resolve(true);
      },
    };
    const { socket, info } = await secureTo(peer.port, options);
    socket.destroy();
    expect(info.problems.map(({ code, isAllowed }) => [code, isAllowed])).toEqual([["unknown-authority", false]]);
    expect(seen).toMatchObject([
      {
        hostname: "localhost",
        certificate: { subject: "CN=localhost" },
        reason: "No trusted authority stands behind the certificate, whose chain ends at CN=Stranger (tls.ca)",
        accept: false,
      },
    ]);
  });

  it.each<[string, () => unknown]>([
    ["false", () => false],
    ["a promise of false", () => Promise.resolve(false)],
    ["anything but true", () => "yes"],
  ])("refuses with %s", async (_name, answer) => {
    await using peer = await serve(await root.issue(named));
    const verifyServerCertificate = answer as () => boolean;
    const attempt = secureTo(peer.port, { ca: root.certificate, verifyServerCertificate });
    await expect(attempt).rejects.toThrow(
      `The certificate of localhost:${peer.port} is refused: verifyServerCertificate does not accept it`,
    );
  });

  it.each<[string, (cause: Error) => boolean | Promise<boolean>]>([
    [
      "an error",
      (cause) => {
        throw cause;
      },
    ],
    ["a promise that is rejected", (cause) => Promise.reject(cause)],
  ])("refuses with %s, which becomes the cause, and asks nobody else", async (_name, answer) => {
    await using peer = await serve(await root.issue(named));
    const cause = new Error("the directory is down: password=hunter2");
    const attempt = secureTo(
      peer.port,
      { ca: root.certificate, verifyServerCertificate: () => answer(cause) },
      { verify: () => true },
    );
    await expect(attempt).rejects.toMatchObject({
      message: `The certificate of localhost:${peer.port} is refused: verifyServerCertificate has failed`,
      cause,
    });
  });

  it("can be aborted while it thinks", async () => {
    await using peer = await serve(await root.issue(named));
    const controller = new AbortController();
    const reason = new Error("enough");
    const verifyServerCertificate = (): Promise<boolean> => {
      queueMicrotask(() => controller.abort(reason));
      return new Promise(() => undefined);
    };
    const options = { ca: root.certificate, verifyServerCertificate };
    await expect(secureTo(peer.port, options, { signal: controller.signal })).rejects.toBe(reason);
  });

  it("is over when the connection is lost meanwhile", async () => {
    const issued = await root.issue(named);
    let carrier: Socket | undefined;
    await using peer = await startTlsServer({ cert: issued.chain, key: issued.key }, (server) => {
      server.on("connection", (socket: Socket) => (carrier = socket));
    });
    const verifyServerCertificate = async (): Promise<boolean> => {
      await peer.accept();
      carrier?.resetAndDestroy();
      return new Promise(() => undefined);
    };
    await expect(secureTo(peer.port, { ca: root.certificate, verifyServerCertificate })).rejects.toThrow(
      /^Cannot make TLS with localhost:\d+: the server has closed the connection$/,
    );
  });
});

describe("the event", () => {
  it("has the last word, either way", async () => {
    await using bad = await serve(await stranger.issue(named));
    const { socket } = await secureTo(bad.port, { ca: root.certificate }, { verify: () => true });
    socket.destroy();
    await using good = await serve(await root.issue(named));
    await expect(secureTo(good.port, { ca: root.certificate }, { verify: () => false })).rejects.toThrow(
      `The certificate of localhost:${good.port} is refused: a listener of tlsServerAuthentication does not accept it`,
    );
  });
});
