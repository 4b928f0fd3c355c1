import type { TlsInfo } from "rivulet";
import { expect, it } from "vitest";
import { negotiated, type NegotiatedSetting } from "./negotiated.ts";

function read(tls: TlsInfo | undefined): Record<string, string> {
  const names = Object.keys(negotiated) as NegotiatedSetting[];
  return Object.fromEntries(names.map((name) => [name, negotiated[name](tls)]));
}

const tls: TlsInfo = {
  protocol: "TLSv1.3",
  cipherSuite: "TLS_AES_256_GCM_SHA384",
  cipher: "AES-256-GCM",
  cipherStrengthBits: 256,
  keyExchange: "X25519",
  keyExchangeStrengthBits: 253,
  alpnProtocol: undefined,
  serverName: undefined,
  isSessionReused: false,
  certificates: [],
  problems: [],
};

it("what was agreed on reads as text", () => {
  expect(read(tls)).toEqual({
    SSLNegotiatedCipher: "AES-256-GCM",
    SSLNegotiatedCipherStrength: "256",
    SSLNegotiatedCipherSuite: "TLS_AES_256_GCM_SHA384",
    SSLNegotiatedKeyExchange: "X25519",
    SSLNegotiatedKeyExchangeStrength: "253",
    SSLNegotiatedVersion: "TLSv1.3",
  });
});

it("what was not agreed on, or is not told, is empty", () => {
  expect(new Set(Object.values(read(undefined)))).toEqual(new Set([""]));
  expect(read({ ...tls, keyExchange: undefined, keyExchangeStrengthBits: undefined })).toMatchObject({
    SSLNegotiatedKeyExchange: "",
    SSLNegotiatedKeyExchangeStrength: "",
    SSLNegotiatedCipherStrength: "256",
  });
});
