import type { Core } from "../core.ts";
import { parseCertificates } from "../options/certificate-list.ts";
import { negotiated, type NegotiatedSetting } from "../options/negotiated.ts";
import { relaxations } from "../options/security-flags.ts";
import {
  parseCipherSuites,
  parseGroups12,
  parseGroups13,
  parseKeyShareGroup,
  parseSignatures12,
  parseSignatures13,
} from "../options/tls-names.ts";
import { parseProtocols } from "../options/tls-versions.ts";
import { unsupported } from "../options/unsupported.ts";
import * as documented from "./documented-tls.ts";
import { fieldSetting, readOnlySetting } from "./field-setting.ts";
import { booleanField, integerField, textField, type Field } from "./fields.ts";
import type { Setting } from "./setting.ts";
import type { Settings } from "./settings.ts";
import type { TlsSettings } from "./tls-settings.ts";

function tls(settings: Settings): TlsSettings {
  return settings.tls;
}

function tlsSetting(field: Field): Setting {
  return fieldSetting("SSL", field, { needs: "tls" });
}

/** No platform's TLS can be given seeds. */
const prngSeedData: Setting = {
  name: "OpenSSLPrngSeedData",
  group: "SSL",
  get: () => "",
  set(core: Core, value: string) {
    if (value === "") return;
    const why = "its random numbers cannot be seeded";
    throw unsupported(core, { code: 10042, setting: "OpenSSLPrngSeedData", why });
  },
};

/** A check of text that a parser makes. */
function checkedBy(parse: (value: string) => unknown): (name: string, value: string) => void {
  return (_name, value) => {
    parse(value);
  };
}

function certificates(field: Field): Setting {
  return fieldSetting("SSL", field, {
    needs: "tls",
    check: (core, value) => {
      parseCertificates(core, field.name, value);
    },
  });
}

const trustConfig: readonly Setting[] = [
  tlsSetting(textField({ name: "OpenSSLCADir", of: tls, key: "openSslCaDir" })),
  tlsSetting(textField({ name: "OpenSSLCAFile", of: tls, key: "openSslCaFile" })),
  tlsSetting(
    textField({ name: "SSLCACertFilePaths", of: tls, key: "caCertFilePaths" }, { unset: documented.caCertFilePaths }),
  ),
  certificates(textField({ name: "SSLCACerts", of: tls, key: "caCerts" })),
  tlsSetting(integerField({ name: "SSLCheckCRL", of: tls, key: "checkCrl" }, { max: 2 })),
  tlsSetting(integerField({ name: "SSLCheckOCSP", of: tls, key: "checkOcsp" }, { max: 2 })),
  certificates(textField({ name: "SSLClientCACerts", of: tls, key: "clientCaCerts" })),
  tlsSetting(booleanField({ name: "SSLIncludeCertChain", of: tls, key: "includeCertChain" })),
  tlsSetting(
    integerField(
      { name: "SSLSecurityFlags", of: tls, key: "securityFlags" },
      {
        max: 0xffff_ffff,
        check: (_name, securityFlags) => {
          relaxations({ securityFlags, checkCrl: 0, checkOcsp: 0 });
        },
      },
    ),
  ),
  certificates(textField({ name: "SSLServerCACerts", of: tls, key: "serverCaCerts" })),
];

const handshakeConfig: readonly Setting[] = [
  tlsSetting(booleanField({ name: "LogSSLPackets", of: tls, key: "logSslPackets" })),
  tlsSetting(textField({ name: "OpenSSLCipherList", of: tls, key: "openSslCipherList" })),
  prngSeedData,
  tlsSetting(booleanField({ name: "ReuseSSLSession", of: tls, key: "reuseSslSession" }, { unset: true })),
  tlsSetting(integerField({ name: "SSLCipherStrength", of: tls, key: "cipherStrength" }, { max: 0xffff, unset: "0" })),
  tlsSetting(
    textField(
      { name: "SSLEnabledCipherSuites", of: tls, key: "enabledCipherSuites" },
      { check: checkedBy(parseCipherSuites) },
    ),
  ),
  tlsSetting(
    integerField(
      { name: "SSLEnabledProtocols", of: tls, key: "enabledProtocols" },
      {
        max: 0xffff,
        unset: "4032",
        check: (_name, bits) => {
          parseProtocols(bits);
        },
      },
    ),
  ),
  tlsSetting(booleanField({ name: "SSLEnableRenegotiation", of: tls, key: "enableRenegotiation" })),
  tlsSetting(textField({ name: "SSLKeyLogFile", of: tls, key: "keyLogFile" })),
  tlsSetting(
    textField(
      { name: "TLS12SignatureAlgorithms", of: tls, key: "tls12SignatureAlgorithms" },
      {
        unset: documented.tls12SignatureAlgorithms,
        canBeEmpty: true,
        check: checkedBy(parseSignatures12),
      },
    ),
  ),
  tlsSetting(
    textField(
      { name: "TLS12SupportedGroups", of: tls, key: "tls12SupportedGroups" },
      { unset: documented.tls12Groups, check: checkedBy(parseGroups12) },
    ),
  ),
  tlsSetting(
    textField(
      { name: "TLS13KeyShareGroups", of: tls, key: "tls13KeyShareGroups" },
      { unset: documented.tls13KeyShareGroups, check: checkedBy(parseKeyShareGroup) },
    ),
  ),
  tlsSetting(
    textField(
      { name: "TLS13SignatureAlgorithms", of: tls, key: "tls13SignatureAlgorithms" },
      { unset: documented.tls13SignatureAlgorithms, check: checkedBy(parseSignatures13) },
    ),
  ),
  tlsSetting(
    textField(
      { name: "TLS13SupportedGroups", of: tls, key: "tls13SupportedGroups" },
      { unset: documented.tls13Groups, check: checkedBy(parseGroups13) },
    ),
  ),
];

/** TLS: whom to trust, how to shake hands, and what has come of it. */
export const tlsConfig: readonly Setting[] = [
  ...trustConfig,
  ...handshakeConfig,
  ...(Object.keys(negotiated) as NegotiatedSetting[]).map((name) =>
    readOnlySetting("SSL", name, ({ client, received }) => negotiated[name](client?.connection?.tls ?? received.tls)),
  ),
];
