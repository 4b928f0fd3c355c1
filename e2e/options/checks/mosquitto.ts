import assert from "node:assert/strict";

import type { TlsVersion } from "rivulet";

import { Absent, type CheckContext, type OptionCheck } from "../check.ts";
import type { SecuredListener } from "../secured-broker.ts";
import type { Outcome } from "../specification.ts";

/** Connects to mosquitto itself, with its authority trusted; `tls` is for runtimes that can be told. */
function reach({ attempt, lab, runtime }: CheckContext, listener: SecuredListener, tls?: object): Promise<Outcome> {
  const url = `mqtts://127.0.0.1:${lab.secured.ports[listener]}`;
  if (runtime.tellsOfTls) return attempt(url, { tls: { ca: lab.authority.certificate, ...tls } });
  if (tls !== undefined) throw new Absent();
  return attempt(url, {});
}

function works(what: string, listener: SecuredListener, protocol: TlsVersion): OptionCheck {
  return {
    option: "mqtts:",
    what: `mosquitto, ${what}`,
    run: async (context) => {
      const { error, roundTrips, connections } = await reach(context, listener, { maxVersion: protocol });
      assert.equal(error, undefined);
      assert.ok(roundTrips);
      assert.equal(connections[0]?.tls?.protocol, protocol);
    },
  };
}

function fails(what: string, listener: SecuredListener, reason: RegExp, tls?: object): OptionCheck {
  return {
    option: "mqtts:",
    what: `mosquitto, ${what}`,
    run: async (context) => {
      const { error, roundTrips } = await reach(context, listener, tls);
      assert.equal(roundTrips, false);
      assert.equal(error?.name, "TransportError");
      if (context.runtime.tellsOfTls) assert.match(error.message, reason);
    },
  };
}

/** mosquitto at the other end of TLS, with nothing in between. */
export const mosquittoChecks: readonly OptionCheck[] = [
  {
    option: "mqtts:",
    what: "mosquitto",
    run: async (context) => {
      const { error, roundTrips } = await reach(context, "server");
      assert.equal(error, undefined);
      assert.ok(roundTrips);
    },
  },
  works("TLS 1.2", "server", "TLSv1.2"),
  works("TLS 1.3", "tls13", "TLSv1.3"),
  {
    option: "mqtts:",
    what: "mosquitto, which knows its users by their certificates",
    run: async (context) => {
      const { certificate, key } = context.lab.certificates.client;
      const { error, roundTrips } = await reach(context, "clients", { cert: certificate, key });
      assert.equal(error, undefined);
      assert.ok(roundTrips);
      assert.equal((await reach(context, "clients")).error?.name, "TransportError");
    },
  },
  fails("a wrong authority", "stranger", /authority/),
  fails("an expired certificate", "expired", /expired/),
  fails("a certificate for another name", "elsewhere", /127\.0\.0\.1|name/),
  fails("a version that it does not speak", "tls13", /version/, { maxVersion: "TLSv1.2" }),
  fails("a certificate that OCSP says is revoked", "revoked", /revoked/, { ocsp: "required" }),
  fails("a certificate that the list says is revoked", "revoked", /revoked/, { crl: "required" }),
];
