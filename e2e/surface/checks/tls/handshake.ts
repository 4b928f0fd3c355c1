import { equal, events, matches, ok, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Agreed, PeerTls } from "../../lab-calls.ts";
import { connect, reach, refuses, secured, serve, type SettingValues } from "./secured.ts";

type Hello = Awaited<ReturnType<Awaited<ReturnType<typeof serve>>["hello"]>>;

/** What the client has said, and what was agreed on, as the server has it. */
async function saw(
  stage: Stage,
  settings: SettingValues,
  tls: PeerTls = {},
): Promise<{ readonly hello: Hello; readonly agreed: Agreed }> {
  const { peer } = await reach(stage, settings, tls);
  return { hello: await peer.hello(), agreed: await peer.agreed() };
}

/** `config` has to refuse it; where not, `connect` would. */
async function isWrong(stage: Stage, code: number, text: string): Promise<void> {
  await throwsCode(code, () => stage.mqtt().config(text));
}

const secureRenegotiation = 0x00ff;

function suitesIn({ cipherSuites }: Hello): readonly number[] {
  return cipherSuites.filter((suite) => suite !== secureRenegotiation);
}

const cipherChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config SSL/OpenSSLCipherList"],
    title: "OpenSSLCipherList says in OpenSSL's own syntax which suites are in the ClientHello",
    run: async (stage) => {
      const settings = { OpenSSLCipherList: "ECDHE+AES128:!SHA1:!SHA256", SSLEnabledProtocols: 3072 };
      const { hello, agreed } = await saw(stage, settings);
      const suites = suitesIn(hello);
      // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
      ok(suites.includes(0xc02b) && suites.includes(0xc02f), `The suites are ${suites.join()}`);
      // The same with AES 256, and TLS_RSA_WITH_AES_128_GCM_SHA256
      ok(![0xc02c, 0xc030, 0x009c].some((suite) => suites.includes(suite)), `The suites are ${suites.join()}`);
      equal(agreed.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "The suite");
      const mqtt = await secured(stage, { OpenSSLCipherList: "nonsense" });
      const peer = await serve(stage);
      await throwsCode(10042, () => connect(mqtt, peer));
    },
  },
  {
    rows: ["config SSL/OpenSSLPrngSeedData"],
    title: "OpenSSLPrngSeedData, which no platform can honor, fails with 10042",
    run: async (stage) => isWrong(stage, 10042, "OpenSSLPrngSeedData=seed"),
  },
  {
    rows: ["config SSL/SSLCipherStrength"],
    title: "SSLCipherStrength refuses a server that has keys of 128 bits only, and takes it with 128",
    run: async (stage) => {
      const weak = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" } as const;
      await refuses(stage, { SSLCipherStrength: 256 }, weak);
      const { agreed } = await saw(stage, { SSLCipherStrength: 128 }, weak);
      equal(agreed.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "The suite");
      const strong = await saw(stage, { SSLCipherStrength: 256 });
      matches(strong.agreed.cipher, /AES_256|CHACHA20/, "The suite");
    },
  },
  {
    rows: ["config SSL/SSLEnabledCipherSuites"],
    title: "SSLEnabledCipherSuites are those in the ClientHello, the first one of which the server takes",
    run: async (stage) => {
      const suites = "TLS_AES_128_GCM_SHA256;TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384";
      const { hello, agreed } = await saw(stage, { SSLEnabledCipherSuites: suites });
      equal(suitesIn(hello), [0x1301, 0xc024], "The suites in the ClientHello");
      equal(agreed.cipher, "TLS_AES_128_GCM_SHA256", "The suite");
      const older = await saw(stage, { SSLEnabledCipherSuites: suites }, { maxVersion: "TLSv1.2" });
      equal(older.agreed.cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "The suite of TLS 1.2");
      const all = await saw(stage, { SSLEnabledCipherSuites: "*" });
      ok(suitesIn(all.hello).length > 10, "* is not all of them");
      await isWrong(stage, 10042, "SSLEnabledCipherSuites=CALG_AES_256");
    },
  },
];

const versionChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config SSL/SSLEnabledProtocols"],
    title:
      "SSLEnabledProtocols has exactly the versions in the ClientHello that its bits are for; TLS 1.2 and 1.3 unless set",
    run: async (stage) => {
      const old = await saw(stage, { SSLEnabledProtocols: 3072 });
      equal([old.agreed.protocol, old.hello.versions.includes(0x0304)], ["TLSv1.2", false], "With 3072");
      const recent = await saw(stage, { SSLEnabledProtocols: 12288 });
      equal([recent.agreed.protocol, recent.hello.versions.includes(0x0303)], ["TLSv1.3", false], "With 12288");
      await refuses(stage, { SSLEnabledProtocols: 12288 }, { maxVersion: "TLSv1.2" });
      const both = await saw(stage, {});
      equal(both.hello.versions, [0x0304, 0x0303], "What is offered unless it is set");
    },
  },
  {
    rows: ["config SSL/SSLEnabledProtocols"],
    title: "SSLEnabledProtocols reaches servers of TLS 1.0 and 1.1 when it is set, and warns of them in the log",
    run: async (stage) => {
      for (const [bits, maxVersion] of [
        [960, "TLSv1"],
        [4032, "TLSv1.1"],
      ] as const) {
        const mqtt = await secured(stage, { SSLEnabledProtocols: bits });
        const log = events(mqtt, "log");
        const peer = await serve(stage, { minVersion: "TLSv1", maxVersion });
        await connect(mqtt, peer);
        equal((await peer.agreed()).protocol, maxVersion, "The version");
        const warnings = log.filter(({ message }) => /SSLEnabledProtocols.*no longer secure/.test(message));
        equal(warnings.length, 1, "How often it warned");
      }
      await refuses(stage, {}, { minVersion: "TLSv1", maxVersion: "TLSv1.1" });
    },
  },
  {
    rows: ["config SSL/SSLEnabledProtocols", "error SSL/270"],
    title:
      "SSLEnabledProtocols fails with 270 for SSL 2 and 3, with 10042 for a gap, with 10022 for what is no version",
    run: async (stage) => {
      await isWrong(stage, 10042, `SSLEnabledProtocols=${12288 + 768}`);
      await isWrong(stage, 10022, "SSLEnabledProtocols=1");
      await throwsCode(270, () => stage.mqtt().config("SSLEnabledProtocols=48"));
      await throwsCode(270, () => stage.mqtt().config(`SSLEnabledProtocols=${4032 + 12}`));
    },
  },
  {
    rows: ["config SSL/SSLEnableRenegotiation"],
    title:
      "SSLEnableRenegotiation has the ClientHello say that it renegotiates securely; that it may not, fails with 10042",
    run: async (stage) => {
      const { hello } = await saw(stage, { SSLEnableRenegotiation: "True", SSLEnabledProtocols: 3072 });
      ok(hello.tellsOfRenegotiation, "The ClientHello does not say it");
      const mqtt = await secured(stage, { SSLEnableRenegotiation: "False" });
      const peer = await serve(stage);
      await throwsCode(10042, () => connect(mqtt, peer));
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
];

const only12 = { SSLEnabledProtocols: 3072 };
const only13 = { SSLEnabledProtocols: 12288 };

const keyExchangeChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config SSL/TLS12SignatureAlgorithms"],
    title: "TLS12SignatureAlgorithms are those in the ClientHello, and a server with another certificate is refused",
    run: async (stage) => {
      const settings = { TLS12SignatureAlgorithms: "sha384-rsa,sha256-ecdsa", ...only12 };
      const { hello } = await saw(stage, settings);
      equal(hello.signatureAlgorithms, [0x0501, 0x0403], "The algorithms");
      await refuses(stage, { TLS12SignatureAlgorithms: "sha256-rsa", ...only12 }, {});
      const free = await saw(stage, { TLS12SignatureAlgorithms: "", ...only12 });
      ok(free.hello.signatureAlgorithms.length > 5, "It is restricted although it is empty");
      await isWrong(stage, 10022, "TLS12SignatureAlgorithms=sha256-ecdsa,md5-rsa");
    },
  },
  {
    rows: ["config SSL/TLS12SupportedGroups"],
    title: "TLS12SupportedGroups are those in the ClientHello of TLS 1.2",
    run: async (stage) => {
      // The certificate of the other one is on P-256, which TLS 1.2 counts too.
      const certificate = { certificate: "rsaServer" } as const;
      const { hello } = await saw(
        stage,
        { TLS12SupportedGroups: "ecdhe_secp521r1,ecdhe_secp384r1", ...only12 },
        certificate,
      );
      equal(hello.groups, [25, 24], "The groups");
      await isWrong(stage, 10022, "TLS12SupportedGroups=ecdhe_x25519");
    },
  },
  {
    rows: ["config SSL/TLS13SupportedGroups"],
    title: "TLS13SupportedGroups are those in the ClientHello of TLS 1.3, and the server has to take one of them",
    run: async (stage) => {
      const { hello } = await saw(stage, {
        TLS13SupportedGroups: "ecdhe_secp521r1,ecdhe_x25519,ffdhe_2048",
        ...only13,
      });
      equal(hello.groups, [25, 29, 256], "The groups");
      await refuses(stage, { TLS13SupportedGroups: "ecdhe_secp521r1", ...only13 }, { groups: "X25519" });
      await isWrong(stage, 10022, "TLS13SupportedGroups=secp521r1");
    },
  },
  {
    rows: ["config SSL/TLS13KeyShareGroups"],
    title: "TLS13KeyShareGroups is the group of the one key share in the ClientHello; more than one fail with 10042",
    run: async (stage) => {
      for (const [group, number] of [
        ["ecdhe_secp384r1", 24],
        ["ecdhe_x25519", 29],
      ] as const) {
        const { hello } = await saw(stage, { TLS13KeyShareGroups: group });
        equal(hello.keyShares, [number], "The key shares");
        ok(hello.groups.includes(29) && hello.groups.includes(24), `The other groups are gone: ${hello.groups.join()}`);
      }
      await isWrong(stage, 10042, "TLS13KeyShareGroups=ecdhe_x25519,ecdhe_secp384r1");
    },
  },
  {
    rows: ["config SSL/TLS13SignatureAlgorithms"],
    title: "TLS13SignatureAlgorithms are those in the ClientHello, and a server that cannot sign so is refused",
    run: async (stage) => {
      const settings = { TLS13SignatureAlgorithms: "ecdsa_secp256r1_sha256,rsa_pss_sha384", ...only13 };
      const { hello } = await saw(stage, settings);
      equal(hello.signatureAlgorithms, [0x0403, 0x0805, 0x080a], "The algorithms");
      await refuses(stage, { TLS13SignatureAlgorithms: "ed25519", ...only13 }, {});
      await isWrong(stage, 10022, "TLS13SignatureAlgorithms=sha256-ecdsa");
    },
  },
];

/** What is negotiated, as `config` tells it, and what the server has. */
const negotiatedChecks: readonly SurfaceCheck[] = [
  {
    rows: [
      "config SSL/SSLNegotiatedCipher",
      "config SSL/SSLNegotiatedCipherStrength",
      "config SSL/SSLNegotiatedCipherSuite",
      "config SSL/SSLNegotiatedVersion",
    ],
    title: "SSLNegotiated* tell the suite, its cipher with its strength, and the version, as the server has them",
    run: async (stage) => {
      const names = ["CipherSuite", "Version", "Cipher", "CipherStrength"].map((name) => `SSLNegotiated${name}`);
      for (const [tls, cipher, strength] of [
        [{ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }, "AES-128-GCM", "128"],
        [{ ciphers: "TLS_CHACHA20_POLY1305_SHA256" }, "CHACHA20-POLY1305", "256"],
      ] as const) {
        const { mqtt, peer } = await reach(stage, {}, tls);
        const told = names.map((name) => mqtt.config(name));
        if (stage.runtime === "browser") {
          equal(told, ["", "", "", ""], "What is told");
          stage.absent("a browser does not tell what its TLS has agreed on");
        }
        const { cipher: suite, protocol } = await peer.agreed();
        equal(told, [suite, protocol, cipher, strength], "What is told");
      }
    },
  },
  {
    rows: ["config SSL/SSLNegotiatedKeyExchange", "config SSL/SSLNegotiatedKeyExchangeStrength"],
    title: "SSLNegotiatedKeyExchange and its strength are those of the only group that the server has",
    run: async (stage) => {
      for (const [groups, expected] of [
        ["P-384", ["P-384", "384"]],
        ["X25519", ["X25519", "253"]],
      ] as const) {
        const { mqtt } = await reach(stage, {}, { groups });
        const told = [mqtt.config("SSLNegotiatedKeyExchange"), mqtt.config("SSLNegotiatedKeyExchangeStrength")];
        if (stage.runtime !== "node") {
          equal(told, ["", ""], "What is told");
          stage.absent(`${stage.runtime === "deno" ? "Deno" : "a browser"} does not tell how keys were exchanged`);
        }
        equal(told, expected, "What is told");
      }
    },
  },
];

/** How hands are shaken, and what comes of it. */
export const tlsHandshakeChecks: readonly SurfaceCheck[] = [
  ...cipherChecks,
  ...versionChecks,
  ...keyExchangeChecks,
  ...negotiatedChecks,
];
