import { UnsupportedError, type TlsInfo } from "rivulet";
import { describe, expect, test, vi } from "vitest";
import { readSurface } from "../../testing/component-surface.ts";
import { browser, coreForConfig, failureOf } from "../../testing/config-core.ts";
import { allSettings, config } from "./config.ts";

/** Each setting that is one value: its default, a value as it is set and as it then reads, and values that make no sense. */
const table: [name: string, initial: string, value: string, read: string, bad: readonly string[]][] = [
  ["AutoReconnect", "False", "yes", "True", ["maybe", "2"]],
  ["ClientTopicAliasMax", "0", "20", "20", ["65536", "-2", "1.5", "x"]],
  ["ConnectionTimeout", "60", "5", "5", ["-2", "x"]],
  ["DisconnectReasonCode", "0", "0x04", "4", ["1", "256", "0x8B"]],
  ["Duplicate", "False", "1", "True", ["x"]],
  ["LogLevel", "1", "3", "3", ["4", "x"]],
  ["RepublishInterval", "60", "0", "0", ["x", "4294967296"]],
  ["ResponseTopic", "", "answers/here", "answers/here", ["answers/#"]],
  ["Retain", "False", "TRUE", "True", ["x"]],
  ["SessionExpInterval", "0", "4294967295", "4294967295", ["4294967296"]],
  ["SessionStateFile", "", "state.bin", "state.bin", []],
  ["SubscriptionIdentifier", "-1", "268435455", "268435455", ["0", "268435456"]],
  ["TopicAlias", "-1", "65535", "65535", ["0", "65536"]],
  ["TopicDelimiter", ",", " ; ", " ; ", []],
  ["TopicNLArray", "", "true, false,1", "true, false,1", ["true,maybe"]],
  ["TopicQOSArray", "", "1,2,0", "1,2,0", ["1,3", "1,,2"]],
  ["TopicRAPArray", "", "no", "no", ["x"]],
  ["TopicRHArray", "", "1, 0,2", "1, 0,2", ["3"]],
  ["WillQOS", "0", "2", "2", ["3", "x"]],
  ["WillRetain", "False", "True", "True", ["x"]],
  ["FirewallAutoDetect", "False", "True", "True", ["x"]],
  ["FirewallHost", "", "proxy.example", "proxy.example", []],
  ["FirewallPassword", "", " a=b ", " a=b ", []],
  ["FirewallPort", "0", "8080", "8080", ["65536", "x"]],
  ["FirewallType", "0", "10", "10", ["4", "x"]],
  ["FirewallUser", "", "me", "me", []],
  ["KeepAliveTime", "-1", "5000", "5000", ["0", "x"]],
  ["Linger", "True", "False", "False", ["x"]],
  ["LingerTime", "0", "5", "5", ["x", "-2"]],
  ["LocalHost", "", "127.0.0.1", "127.0.0.1", []],
  ["LocalPort", "0", "4000", "4000", ["65536", "x"]],
  ["MaxLineLength", "2048", "256", "256", ["255", "x"]],
  ["MaxTransferRate", "0", "1000", "1000", ["x"]],
  ["ProxyExceptionsList", "", "a.example;b.example", "a.example;b.example", []],
  ["TCPKeepAlive", "False", "True", "True", ["x"]],
  ["TcpNoDelay", "False", "True", "True", ["x"]],
  ["UseIPv6", "0", "2", "2", ["3"]],
  ["LogSSLPackets", "False", "True", "True", ["x"]],
  ["OpenSSLCADir", "", "/certificates", "/certificates", []],
  ["OpenSSLCAFile", "", "authorities.pem", "authorities.pem", []],
  ["OpenSSLCipherList", "", "HIGH:!aNULL", "HIGH:!aNULL", []],
  ["ReuseSSLSession", "True", "0", "False", ["x"]],
  [
    "SSLCACertFilePaths",
    "/etc/ssl/ca-bundle.pem;/etc/pki/tls/certs/ca-bundle.crt;/etc/ssl/certs/ca-certificates.crt;/etc/pki/tls/cacert.pem",
    "a.pem;b.pem",
    "a.pem;b.pem",
    [],
  ],
  ["SSLCACerts", "", "\r\n", "\r\n", ["nonsense"]],
  ["SSLCheckCRL", "0", "2", "2", ["3"]],
  ["SSLCheckOCSP", "0", "1", "1", ["3"]],
  ["SSLCipherStrength", "0", "256", "256", ["x"]],
  ["SSLClientCACerts", "", "\r\n", "\r\n", ["nonsense"]],
  ["SSLEnabledCipherSuites", "*", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", []],
  ["SSLEnabledProtocols", "4032", "15360", "15360", ["16384", "0", "x"]],
  ["SSLEnableRenegotiation", "False", "True", "True", ["x"]],
  ["SSLIncludeCertChain", "False", "True", "True", ["x"]],
  ["SSLKeyLogFile", "", "keys.txt", "keys.txt", []],
  ["SSLSecurityFlags", "0", "0x80000011", "2147483665", ["0x100000000", "8"]],
  ["SSLServerCACerts", "", "\r\n", "\r\n", ["nonsense"]],
  ["TLS12SignatureAlgorithms", allSignatures12(), "sha256-rsa", "sha256-rsa", ["md5-rsa"]],
  [
    "TLS12SupportedGroups",
    "ecdhe_secp256r1,ecdhe_secp384r1,ecdhe_secp521r1",
    "ecdhe_secp384r1",
    "ecdhe_secp384r1",
    ["ecdhe_x25519"],
  ],
  [
    "TLS13KeyShareGroups",
    "ecdhe_x25519,ecdhe_secp256r1,ecdhe_secp384r1,ffdhe_2048,ffdhe_3072",
    "ecdhe_x448",
    "ecdhe_x448",
    ["x25519"],
  ],
  [
    "TLS13SignatureAlgorithms",
    "rsa_pss_sha256,rsa_pss_sha384,rsa_pss_sha512,rsa_pkcs1_sha256,rsa_pkcs1_sha384,rsa_pkcs1_sha512," +
      "ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,ecdsa_secp521r1_sha512,ed25519,ed448",
    "ed25519,ed448",
    "ed25519,ed448",
    ["rsa"],
  ],
  [
    "TLS13SupportedGroups",
    "ecdhe_x25519,ecdhe_x448,ecdhe_secp256r1,ecdhe_secp384r1,ecdhe_secp521r1," +
      "ffdhe_2048,ffdhe_3072,ffdhe_4096,ffdhe_6144,ffdhe_8192",
    "ecdhe_secp521r1, ffdhe_2048",
    "ecdhe_secp521r1, ffdhe_2048",
    ["p256"],
  ],
  ["AbsoluteTimeout", "False", "True", "True", ["x"]],
  ["FirewallData", "", "X-One: 1\r\nX-Two: 2", "X-One: 1\r\nX-Two: 2", ["no header", "Host: else", "a: b\rc: d"]],
  ["InBufferSize", "-1", "65536", "65536", ["x"]],
  ["OutBufferSize", "-1", "65536", "65536", ["x"]],
];

function allSignatures12(): string {
  const hashes = ["sha512", "sha384", "sha256", "sha224", "sha1"];
  return hashes.map((hash) => `${hash}-ecdsa,${hash}-rsa,${hash}-dsa`).join(",");
}

const readOnly: readonly (readonly [name: string, initial: string])[] = [
  ["ConnAckProperties", "{}"],
  ["IncomingUserPropCount", "0"],
  ["OutgoingPacketId", "0"],
  ["ServerTopicAliasMax", "0"],
  ["SessionPresent", "False"],
  ["SSLNegotiatedCipher", ""],
  ["SSLNegotiatedCipherStrength", ""],
  ["SSLNegotiatedCipherSuite", ""],
  ["SSLNegotiatedKeyExchange", ""],
  ["SSLNegotiatedKeyExchangeStrength", ""],
  ["SSLNegotiatedVersion", ""],
];

/** Those with tests of their own below, or in json-setting.test.ts. */
const others = [
  "ConnectProperties",
  "DisconnectProperties",
  "IncomingUserPropName",
  "IncomingUserPropValue",
  "KeepAliveInterval",
  "OpenSSLPrngSeedData",
  "OutgoingMessageProperties",
  "OutgoingUserPropCount",
  "OutgoingUserPropName",
  "OutgoingUserPropValue",
  "SendCustomPacket",
  "WillProperties",
];

describe("all settings", () => {
  test("are those of the documented list, each in its group", () => {
    const documented = readSurface().filter(({ kind }) => kind === "config");
    const title = (group: string | undefined, name: string): string => `${group}/${name}`;
    const ours = allSettings.map(({ group, name, isIndexed }) =>
      title(group, isIndexed === true ? `${name}[i]` : name),
    );
    expect(ours.sort()).toEqual(documented.map(({ group, name }) => title(group, name)).sort());
  });

  test("are tested", () => {
    const tested = [...table.map(([name]) => name), ...readOnly.map(([name]) => name), ...others];
    expect(tested.sort()).toEqual([...new Set(allSettings.map(({ name }) => name))].sort());
  });

  test.each(table)("%s has its default, is set, read and reset", (name, initial, value, read) => {
    const core = coreForConfig();
    expect(config(core, name)).toBe(initial);
    expect(config(core, `${name}=${value}`)).toBe("");
    expect(config(core, name)).toBe(read);
    if (name === "TLS12SignatureAlgorithms") return; // Whose empty value is one.
    config(core, `${name}=`);
    expect(config(core, name)).toBe(initial);
  });

  test.each(table.filter(([, , , , bad]) => bad.length > 0))(
    "%s refuses what makes no sense, and keeps what it has",
    (name, _initial, value, read, bad) => {
      const core = coreForConfig();
      config(core, `${name}=${value}`);
      for (const one of bad) expect(failureOf(() => config(core, `${name}=${one}`)).code).toBe(10022);
      expect(config(core, name)).toBe(read);
    },
  );

  test.each(readOnly)("%s can only be read", (name, initial) => {
    const core = coreForConfig();
    expect(config(core, name)).toBe(initial);
    expect(failureOf(() => config(core, `${name}=1`)).code).toBe(211);
  });
});

describe("config", () => {
  test("does not look at the case of names, and at white space around them", () => {
    const core = coreForConfig();
    config(core, " rEtAiN = Yes ");
    expect(config(core, "RETAIN")).toBe("True");
    config(core, "outgoinguserpropcount=2");
    config(core, " outgoingUserPropName [ 1 ] = a ");
    expect(config(core, "OutgoingUserPropName[1]")).toBe(" a ");
  });

  test("takes all that stands behind the first equals sign as the value", () => {
    const core = coreForConfig();
    config(core, "FirewallPassword= a=b=c ");
    expect(core.settings.socket.firewallPassword).toBe(" a=b=c ");
  });

  test.each(["", "=", "=1", "Nothing", "Nothing=1", "Retain[0]", "Retain[0]=1", "Retain[", "[0]", "a b", "__proto__"])(
    "refuses %j",
    (text) => {
      expect(failureOf(() => config(coreForConfig(), text)).code).toBe(10022);
    },
  );

  test("does not repeat a value when it does not know the name", () => {
    expect(failureOf(() => config(coreForConfig(), "FirewallPasword=secret")).message).not.toContain("secret");
  });

  test.each(["true", "TRUE", "1", "yes", "Yes", " YES "])("takes %j as true", (word) => {
    const core = coreForConfig();
    config(core, `Retain=${word}`);
    expect(core.settings.message.retain).toBe(true);
    config(core, "Retain=no");
    expect(core.settings.message.retain).toBe(false);
  });

  test("takes -1 as the way back to the default of a number", () => {
    const core = coreForConfig();
    config(core, "TopicAlias=3");
    config(core, "TopicAlias=-1");
    expect(core.settings.message.outgoing.topicAlias).toBeUndefined();
    config(core, "RepublishInterval=5");
    config(core, "RepublishInterval=-1");
    expect(core.settings.republishInterval).toBe(60);
  });

  test("takes ConnectionTimeout as one value", () => {
    const core = coreForConfig();
    config(core, "ConnectionTimeout=7");
    const both = allSettings.filter(({ name }) => name === "ConnectionTimeout");
    expect(both.map(({ group, get }) => [group, get(core, 0)])).toEqual([
      ["MQTT", "7"],
      ["TCPClient", "7"],
    ]);
  });
});

describe("User Properties", () => {
  test("of messages that are published stand in a list of the size that is set", () => {
    const core = coreForConfig();
    expect(config(core, "OutgoingUserPropCount")).toBe("0");
    expect(failureOf(() => config(core, "OutgoingUserPropName[0]=a")).code).toBe(10022);
    config(core, "OutgoingUserPropCount=2");
    config(core, "OutgoingUserPropName[0]=a");
    config(core, "OutgoingUserPropValue[0]=b=c");
    config(core, "OutgoingUserPropName[1]=d");
    expect(core.settings.message.outgoingUserProperties).toEqual([
      ["a", "b=c"],
      ["d", ""],
    ]);
    expect(config(core, "OutgoingUserPropValue[0]")).toBe("b=c");
    config(core, "OutgoingUserPropCount=1");
    expect(core.settings.message.outgoingUserProperties).toEqual([["a", "b=c"]]);
    for (const text of [
      "OutgoingUserPropName[1]",
      "OutgoingUserPropName[-1]",
      "OutgoingUserPropValue",
      "OutgoingUserPropName[]",
    ]) {
      expect(failureOf(() => config(core, text)).code).toBe(10022);
    }
    expect(failureOf(() => config(core, "OutgoingUserPropCount=65536")).code).toBe(10022);
    expect(failureOf(() => config(core, "OutgoingUserPropName[0]=\uD800")).code).toBe(10022);
    config(core, "OutgoingUserPropCount=");
    expect(config(core, "OutgoingUserPropCount")).toBe("0");
  });

  test("of the message that came are read", () => {
    const core = coreForConfig();
    core.received.userProperties = [
      ["a", "1"],
      ["a", "2"],
    ];
    expect(config(core, "IncomingUserPropCount")).toBe("2");
    expect(config(core, "IncomingUserPropName[1]")).toBe("a");
    expect(config(core, "IncomingUserPropValue[1]")).toBe("2");
    expect(failureOf(() => config(core, "IncomingUserPropValue[2]")).code).toBe(10022);
    expect(failureOf(() => config(core, "IncomingUserPropValue[0]=1")).code).toBe(211);
  });
});

describe("what came from the server", () => {
  test("is read", () => {
    const core = coreForConfig();
    core.received.sessionPresent = true;
    core.received.outgoingPacketId = 7;
    core.received.connackProperties = { topicAliasMaximum: 9 };
    expect(config(core, "SessionPresent")).toBe("False"); // cleanSession is true.
    core.settings.cleanSession = false;
    expect(config(core, "SessionPresent")).toBe("True");
    expect(config(core, "OutgoingPacketId")).toBe("7");
    expect(config(core, "ServerTopicAliasMax")).toBe("9");
  });

  test("in a DISCONNECT is read until the setting is set", () => {
    const core = coreForConfig();
    config(core, "DisconnectReasonCode=4");
    core.received.disconnectReasonCode = 0x8b;
    expect(config(core, "DisconnectReasonCode")).toBe("139");
    expect(core.settings.message.disconnectReasonCode).toBe(4);
    config(core, "DisconnectReasonCode=0");
    expect(config(core, "DisconnectReasonCode")).toBe("0");
  });

  test("about TLS is read, also when the connection is over", () => {
    const core = coreForConfig();
    const tls = { protocol: "TLSv1.3", cipher: "AES-256-GCM", cipherSuite: "TLS_AES_256_GCM_SHA384" } as TlsInfo;
    core.received.tls = { ...tls, cipherStrengthBits: 256, keyExchange: "X25519", keyExchangeStrengthBits: 253 };
    expect(config(core, "SSLNegotiatedVersion")).toBe("TLSv1.3");
    expect(config(core, "SSLNegotiatedCipher")).toBe("AES-256-GCM");
    expect(config(core, "SSLNegotiatedCipherSuite")).toBe("TLS_AES_256_GCM_SHA384");
    expect(config(core, "SSLNegotiatedCipherStrength")).toBe("256");
    expect(config(core, "SSLNegotiatedKeyExchange")).toBe("X25519");
    expect(config(core, "SSLNegotiatedKeyExchangeStrength")).toBe("253");
    Object.assign(core, { client: { connection: { tls: { ...tls, protocol: "TLSv1.2" } } } });
    expect(config(core, "SSLNegotiatedVersion")).toBe("TLSv1.2");
  });
});

describe("SendCustomPacket", () => {
  test("sends bytes", () => {
    const core = coreForConfig();
    const sendRaw = vi.fn(() => Promise.resolve());
    Object.assign(core, { phase: "connected", client: { sendRaw } });
    config(core, "SendCustomPacket=C0 00");
    expect(sendRaw).toHaveBeenCalledWith(Uint8Array.of(0xc0, 0));
    expect(config(core, "SendCustomPacket")).toBe("");
  });

  test("needs a connection and whole bytes", () => {
    const core = coreForConfig();
    expect(failureOf(() => config(core, "SendCustomPacket=C000")).code).toBe(212);
    for (const hex of ["", "C", "C00", "zz"]) {
      expect(failureOf(() => config(core, `SendCustomPacket=${hex}`)).code).toBe(10022);
    }
  });

  test("tells of a failure as an event", async () => {
    const core = coreForConfig();
    const failure = new Error("gone");
    Object.assign(core, { phase: "connected", client: { sendRaw: () => Promise.reject(failure) } });
    config(core, "SendCustomPacket=C000");
    await vi.waitFor(() => {
      expect(core.reported).toEqual([failure]);
    });
  });
});

describe("sockets", () => {
  test.each([
    ["LocalHost=127.0.0.1", 1119],
    ["LocalPort=1", 106],
    ["MaxLineLength=256", 112],
    ["RepublishInterval=5", 211],
  ])("%s is refused while there is a connection", (text, code) => {
    for (const phase of ["connecting", "connected", "reconnecting", "disconnecting"] as const) {
      const core = coreForConfig();
      core.phase = phase;
      expect(failureOf(() => config(core, text)).code).toBe(code);
    }
  });

  test("the type of a firewall brings its port", () => {
    const core = coreForConfig();
    for (const [type, port] of [
      [1, "80"],
      [2, "1080"],
      [3, "1080"],
      [10, "1080"],
    ] as const) {
      config(core, `FirewallType=${type}`);
      expect(config(core, "FirewallPort")).toBe(port);
      config(core, "FirewallPort=9");
      expect(config(core, "FirewallPort")).toBe("9");
    }
  });

  test("KeepAliveTime switches TCPKeepAlive on", () => {
    const core = coreForConfig();
    config(core, "KeepAliveTime=");
    expect(config(core, "TCPKeepAlive")).toBe("False");
    config(core, "KeepAliveTime=1000");
    expect(config(core, "TCPKeepAlive")).toBe("True");
  });
});

describe("what no platform has", () => {
  test.each([
    ["KeepAliveInterval", "-1", "1000", 10042],
    ["OpenSSLPrngSeedData", "", "seed", 10042],
  ])("%s can only keep its default", (name, initial, value, code) => {
    const core = coreForConfig();
    expect(config(core, name)).toBe(initial);
    expect(config(core, `${name}=${initial}`)).toBe("");
    const error = failureOf(() => config(core, `${name}=${value}`));
    expect(error.code).toBe(code);
    expect(error.cause).toBeInstanceOf(UnsupportedError);
  });

  test.each([
    ["SSLEnabledProtocols=48", 270],
    ["SSLEnabledProtocols=12492", 270],
    ["SSLEnabledProtocols=13056", 10042],
    ["TLS13KeyShareGroups=ecdhe_x25519,ecdhe_x448", 10042],
    ["SSLEnabledCipherSuites=CALG_AES_256", 10042],
    ["SSLSecurityFlags=0x4000", 10042],
  ])("%s is refused with %i", (text, code) => {
    expect(failureOf(() => config(coreForConfig(), text)).code).toBe(code);
  });
});

describe("a browser", () => {
  const codes = { TCPClient: 10045, SSL: 270, Socket: 10045, MQTT: undefined } as const;
  const everywhere = ["AbsoluteTimeout", "ConnectionTimeout", "MaxLineLength"];

  function codeOf(name: string, group: string): number | undefined {
    if (name === "SessionStateFile") return 302;
    if (everywhere.includes(name)) return undefined;
    if (/^(?:Firewall|ProxyExceptions)/.test(name)) return 118;
    return codes[group as keyof typeof codes];
  }

  test.each(table)("knows what it does not have: %s", (name, initial, value, read) => {
    const group = allSettings.find((setting) => setting.name === name)?.group ?? "";
    const code = codeOf(name, group);
    const core = coreForConfig(browser);
    if (code === undefined) {
      config(core, `${name}=${value}`);
      expect(config(core, name)).toBe(read);
      return;
    }
    const error = failureOf(() => config(core, `${name}=${value}`));
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
    expect(error.cause).toBeInstanceOf(UnsupportedError);
    if (name !== "TLS12SignatureAlgorithms") config(core, `${name}=`);
    expect(config(core, name)).toBe(initial);
  });
});
