/** What the tests in workerd have in common: one request runs one test, and says what was wrong. */
import type { Transport, TransportContext, TransportOptions } from "@rivulet/engine";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { startRemotePeer } from "./remote-peers.ts";
import { targetOf } from "./target-of.ts";

/** Data of the runner's; the worker has no other way to know. */
export interface Order {
  readonly test: string;
  /** Where scripted servers are to be had: TCP or WebSocket, as the worker is for. */
  readonly controlUrl: string;
  /** A TLS server that sends back what it gets; its authority is trusted. */
  readonly tlsUrl: string;
  /** The same, by an authority that is not. */
  readonly untrustedUrl: string;
  /** Nothing but HTTP, status 404. */
  readonly httpUrl: string;
  /** Nothing but HTTP, status 418 when the header `x-token` is `abc`. */
  readonly headersUrl: string;
}

export type Test = (order: Order) => Promise<void>;

export const assert = {
  ok(value: unknown, message = "expected something true"): void {
    if (!value) throw new Error(message);
  },
  equal(actual: unknown, expected: unknown, message = "not equal"): void {
    if (!Object.is(actual, expected)) throw new Error(`${message}: ${String(actual)} is not ${String(expected)}`);
  },
};

export const context: TransportContext = {
  signal: new AbortController().signal,
  report: () => undefined,
  verify: () => true,
};

/** The contract, but for scenarios that do not apply. */
export function contractTests(
  kind: Omit<TransportHarness, "startPeer">,
  excluded: readonly string[] = [],
): Map<string, Test> {
  const harness = (controlUrl: string): TransportHarness => ({
    ...kind,
    startPeer: (options) => startRemotePeer(controlUrl, options),
  });
  return new Map(
    transportScenarios
      .filter((scenario) => scenario.applies(harness("")) && !excluded.includes(scenario.name))
      .map((scenario) => [scenario.name, ({ controlUrl }) => scenario.run(harness(controlUrl), assert)]),
  );
}

/** What opening a connection fails with. */
export async function failure(transport: Transport, url: string, options: TransportOptions = {}): Promise<Error> {
  try {
    (await transport.open(targetOf(url), options, context)).abort();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail");
}

/** A test that an option is refused, by its name and the platform's. */
export function refusal(transport: Transport, url: string, option: string, options: TransportOptions): Test {
  return async () => {
    const error = await failure(transport, url, options);
    assert.equal(error.name, "UnsupportedError", error.message);
    assert.equal((error as Error & { feature?: string }).feature, option);
    assert.equal(error.message, `${option} is not supported in Cloudflare Workers`);
  };
}

/** What the worker is: asked by GET it names its tests, by POST it runs one. */
export function worker(tests: ReadonlyMap<string, Test>): { fetch(request: Request): Promise<Response> } {
  return {
    async fetch(request) {
      if (request.method === "GET") return Response.json([...tests.keys()]);
      const order = (await request.json()) as Order;
      try {
        await tests.get(order.test)?.(order);
        return Response.json({});
      } catch (error) {
        return Response.json({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    },
  };
}
