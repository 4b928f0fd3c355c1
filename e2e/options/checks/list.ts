import assert from "node:assert/strict";

import type { OptionCheck } from "../check.ts";
import { mosquittoChecks } from "./mosquitto.ts";
import { proxyChecks } from "./proxy.ts";
import { revocationChecks } from "./revocation.ts";
import { socketChecks } from "./socket.ts";
import { tlsChecks } from "./tls.ts";
import { webSocketChecks } from "./web-socket.ts";

const unixSocket: OptionCheck = {
  option: "mqtt+unix:",
  what: "URLs of Unix sockets",
  run: async ({ record, attempt, file }) => {
    const path = file("broker.sock");
    const recorder = await record({ path });
    const { error, roundTrips } = await attempt(`mqtt+unix://${path}`, {});
    assert.equal(error, undefined);
    assert.ok(roundTrips);
    assert.equal(recorder.connections.length, 1);
  },
};

/** Everything that the table is made of, in its order. */
export const checks: readonly OptionCheck[] = [
  unixSocket,
  ...mosquittoChecks,
  ...socketChecks,
  ...tlsChecks,
  ...revocationChecks,
  ...proxyChecks,
  ...webSocketChecks,
];
