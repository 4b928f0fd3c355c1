import assert from "node:assert/strict";

import type { CheckContext, OptionCheck } from "../check.ts";

/** Connects over WebSocket with options, and returns the request that the server got. */
async function upgrade(
  { record, attempt, lab }: CheckContext,
  webSocket: object,
): Promise<{ readonly request: string; readonly roundTrips: boolean }> {
  const recorder = await record({ to: lab.ports.ws });
  const { roundTrips } = await attempt(`ws://127.0.0.1:${recorder.port}/mqtt`, { webSocket });
  const [connection] = recorder.connections;
  const request = Buffer.concat(connection?.chunks.map(({ bytes }) => bytes) ?? []).toString("latin1");
  return { request: request.slice(0, request.indexOf("\r\n\r\n") + 4), roundTrips };
}

export const webSocketChecks: readonly OptionCheck[] = [
  {
    option: "webSocket.protocols",
    run: async (context) => {
      const { request, roundTrips } = await upgrade(context, { protocols: ["mqttv3.1", "mqtt"] });
      assert.match(request, /^sec-websocket-protocol: mqttv3\.1, ?mqtt\r$/im);
      assert.ok(roundTrips);
    },
  },
  {
    option: "webSocket.headers",
    run: async (context) => {
      const { request, roundTrips } = await upgrade(context, { headers: { "X-Reason": "a check" } });
      assert.match(request, /^x-reason: a check\r$/im);
      assert.ok(roundTrips);
    },
  },
  {
    option: "webSocket.perMessageDeflate",
    run: async (context) => {
      const offered = /^sec-websocket-extensions: .*permessage-deflate/im;
      assert.match((await upgrade(context, { perMessageDeflate: true })).request, offered);
      assert.doesNotMatch((await upgrade(context, { perMessageDeflate: false })).request, offered);
    },
  },
  {
    option: "webSocket.maxPayloadBytes",
    run: async (context) => {
      const { record, attempt, lab } = context;
      const recorder = await record({ to: lab.ports.ws });
      const options = { webSocket: { maxPayloadBytes: 1000 }, reconnect: false };
      const url = `ws://127.0.0.1:${recorder.port}/mqtt`;
      assert.ok((await attempt(url, options, { payloadBytes: 500 })).roundTrips);
      assert.equal((await attempt(url, options, { payloadBytes: 5000 })).roundTrips, false);
    },
  },
];
