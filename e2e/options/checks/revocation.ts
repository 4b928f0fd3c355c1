import assert from "node:assert/strict";

import type { IssuedCertificate } from "../../../packages/node/testing/certificates.ts";
import {
  answerOcsp,
  requestOcsp,
  startResponderServer,
  type ResponderServer,
} from "../../../packages/node/testing/revocation-lab.ts";
import type { CheckContext, OptionCheck } from "../check.ts";
import type { Recorder } from "../recorder.ts";
import { fails, serve, works } from "./tls-server.ts";

/** A certificate that is good and one that has been revoked, and who tells which is which. */
interface Revocation {
  readonly good: IssuedCertificate;
  readonly revoked: IssuedCertificate;
  readonly responder: ResponderServer;
}

async function withRevocation({ lab }: CheckContext, use: (revocation: Revocation) => Promise<void>): Promise<void> {
  await using responder = await startResponderServer();
  const request = {
    commonName: "localhost",
    altNames: ["IP:127.0.0.1"],
    extendedKeyUsage: ["serverAuth"],
    ocspUrl: responder.url("/ocsp"),
    crlUrl: responder.url("/list.crl"),
  };
  const [good, revoked] = [await lab.authority.issue(request), await lab.authority.issue(request)];
  await lab.authority.revoke(revoked, "keyCompromise");
  responder.on("/ocsp", ({ body }) => answerOcsp(lab.openssl, lab.authority, body));
  const { der } = await lab.authority.createCrl();
  responder.on("/list.crl", der);
  await use({ good, revoked, responder });
}

/** A mechanism by which one asks: it tells good from revoked, and silence counts as the mode says. */
function asks(option: "ocsp" | "crl"): OptionCheck {
  return {
    option: `tls.${option}`,
    run: (context) =>
      withRevocation(context, async ({ good, revoked, responder }) => {
        const [goodServer, revokedServer] = [await serve(context, {}, good), await serve(context, {}, revoked)];
        await works(context, revokedServer, {});
        assert.equal(responder.asked.length, 0);
        await works(context, goodServer, { [option]: "required" });
        assert.ok(responder.asked.length > 0);
        await fails(context, revokedServer, { [option]: "required" }, { reason: /revoked/ });
        await fails(context, revokedServer, { [option]: "ifAvailable" }, { reason: /revoked/ });
      }),
  };
}

/** A server that staples what openssl's responder says of its certificate. */
async function staples(context: CheckContext, certificate: IssuedCertificate): Promise<Recorder> {
  const { openssl, authority } = context.lab;
  const answer = await answerOcsp(openssl, authority, await requestOcsp(openssl, authority, certificate));
  return serve(context, { stapledAnswer: Buffer.from(answer) }, certificate);
}

export const revocationChecks: readonly OptionCheck[] = [
  asks("ocsp"),
  asks("crl"),
  {
    option: "tls.ocspStapling",
    run: (context) =>
      withRevocation(context, async ({ good, revoked }) => {
        await works(context, await staples(context, good), { ocspStapling: "required" });
        await fails(context, await staples(context, revoked), { ocspStapling: "ifAvailable" }, { reason: /revoked/ });
        await fails(context, await serve(context, {}, good), { ocspStapling: "required" });
      }),
  },
  {
    option: "tls.allowRevoked",
    run: (context) =>
      withRevocation(context, async ({ revoked }) => {
        const server = await serve(context, {}, revoked);
        await works(context, server, { allowRevoked: true, crl: "required" });
        await fails(context, server, { crl: "required" });
      }),
  },
];
