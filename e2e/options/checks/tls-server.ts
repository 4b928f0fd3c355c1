import assert from "node:assert/strict";

import type { IssuedCertificate } from "../../../packages/node/testing/certificates.ts";
import type { CheckContext } from "../check.ts";
import type { Lab } from "../lab.ts";
import type { Recorder, RecorderOptions } from "../recorder.ts";
import type { Outcome } from "../specification.ts";

type More = Parameters<CheckContext["attempt"]>[2];

/** A server that shows one of the lab's certificates. */
export function serve(
  { record, lab }: CheckContext,
  options: NonNullable<RecorderOptions["tls"]> = {},
  shown: keyof Lab["certificates"] | IssuedCertificate = "server",
): Promise<Recorder> {
  const { chain, key } = typeof shown === "string" ? lab.certificates[shown] : shown;
  return record({ tls: { cert: chain, key, ALPNProtocols: ["mqtt", "http/1.1"], ...options } });
}

/** Connects to such a server, with its authority trusted; where no option can say so, the platform has been told. */
export function reach(context: CheckContext, server: Recorder, tls: object, more?: More): Promise<Outcome> {
  const { attempt, url, lab, runtime } = context;
  if (runtime.tellsOfTls) return attempt(url(server), { tls: { ca: lab.authority.certificate, ...tls } }, more);
  return attempt(url(server), Object.keys(tls).length > 0 ? { tls } : {}, more);
}

/** Works with these options, and returns what the server saw. */
export async function works(
  context: CheckContext,
  server: Recorder,
  tls: object,
  more?: More,
): Promise<Recorder["connections"]> {
  const outcome = await reach(context, server, tls, more);
  assert.equal(outcome.error, undefined);
  assert.ok(outcome.roundTrips);
  return server.connections;
}

/** Fails with these options for a reason of TLS, and no byte of MQTT reaches the server. */
export async function fails(
  context: CheckContext,
  server: Recorder,
  tls: object,
  { reason, ...more }: More & { readonly reason?: RegExp } = {},
): Promise<void> {
  const before = bytesIn(server);
  const { error } = await reach(context, server, tls, more);
  assert.equal(error?.name, "TransportError");
  assert.equal(bytesIn(server), before);
  // Where TLS is the platform's own affair, it need not say why.
  if (reason !== undefined && context.runtime.tellsOfTls) assert.match(error.message, reason);
}

function bytesIn({ connections }: Recorder): number {
  return connections.flatMap(({ chunks }) => chunks).reduce((sum, { bytes }) => sum + bytes.length, 0);
}
