/** Run by Deno, with and without `--unstable-net`, which gives it WebSocketStream; see the README. */
import assert from "node:assert/strict";
import { webSocket } from "../src/deno.ts";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { startWebSocketPeer } from "./web-socket-peer.ts";

const harness: TransportHarness = {
  transport: webSocket,
  kind: "websocket",
  inboundBackPressure: "WebSocketStream" in globalThis,
  startPeer: startWebSocketPeer,
};

for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
  Deno.test(`the transport contract > ${scenario.name}`, () => scenario.run(harness, assert));
}
