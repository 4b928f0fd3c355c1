/** What `browser-contract.ts` loads into a page. The scripted server is outside, and is reached through `callPeer`. */

import { transportScenarios, type Peer, type PeerConnection } from "../../engine/testing/transport-contract.ts";
import type { TransportHarness, TransportScenario } from "../../engine/testing/transport-contract.ts";
import type { PeerCall, StartedPeer } from "./peer-registry.ts";
import { webSocket } from "../src/browser.ts";

/** What `browser-contract.ts` gives to the page, and what the page gives to it. */
interface PageGlobals {
  callPeer(call: PeerCall): Promise<unknown>;
  scenarioNames: readonly string[];
  runScenario(name: string): Promise<void>;
}

const globals = globalThis as unknown as PageGlobals;

const harness: TransportHarness = {
  transport: webSocket,
  kind: "websocket",
  inboundBackPressure: false,
  startPeer: async (options) => {
    const { id, target } = (await globals.callPeer({ method: "start", values: [options] })) as StartedPeer;
    const call = (method: PeerCall["method"]): Promise<unknown> => globals.callPeer({ id, method, values: [] });
    const peer: Peer = {
      target,
      accept: async () => connection((await call("accept")) as number),
      whenIdle: () => call("whenIdle") as Promise<void>,
      close: () => call("close") as Promise<void>,
    };
    return peer;
  },
};

function connection(id: number): PeerConnection {
  const call = (method: PeerCall["method"], ...values: unknown[]): Promise<unknown> =>
    globals.callPeer({ id, method, values });
  return {
    sendPattern: (count, chunkBytes) => call("sendPattern", count, chunkBytes) as Promise<void>,
    sentCount: () => call("sentCount") as Promise<number>,
    receivePattern: (total) => call("receivePattern", total) as Promise<void>,
    pause: () => call("pause") as Promise<void>,
    resume: () => call("resume") as Promise<void>,
    end: () => call("end") as Promise<void>,
    reset: () => call("reset") as Promise<void>,
    whenEnded: () => call("whenEnded") as Promise<void>,
  };
}

const assert = {
  ok(value: unknown, message = "expected something true"): void {
    if (!value) throw new Error(message);
  },
  equal(actual: unknown, expected: unknown, message = "not equal"): void {
    if (!Object.is(actual, expected)) throw new Error(`${message}: ${String(actual)} is not ${String(expected)}`);
  },
};

const unhandled: unknown[] = [];
addEventListener("unhandledrejection", (event) => unhandled.push(event.reason));

const scenarios: readonly TransportScenario[] = transportScenarios.filter((one) => one.applies(harness));
globals.scenarioNames = scenarios.map((one) => one.name);
globals.runScenario = async (name) => {
  await scenarios.find((one) => one.name === name)?.run(harness, assert);
  assert.equal(unhandled.length, 0, `unhandled rejection: ${String(unhandled[0])}`);
};
