/** Runs the scenarios in a worker of any kind, and tells whoever asked. */
import * as rivulet from "rivulet";
import { scram } from "rivulet/scram";

import { runScenarios } from "../scenarios/run.ts";
import type { Cell, ScenarioResult } from "../scenarios/scenario.ts";

/** What a page asks a worker for. */
export interface WorkerRequest {
  readonly cell: Cell;
  readonly only: string;
}

/** What a worker tells: a result, or that there are no more. */
export type WorkerReply = { readonly result: ScenarioResult } | { readonly error: string | undefined };

interface Asker {
  postMessage(reply: WorkerReply): void;
}

async function serve(asker: Asker, { cell, only }: WorkerRequest): Promise<void> {
  try {
    await runScenarios({ rivulet, scram, cell, only, report: (result) => asker.postMessage({ result }) });
    asker.postMessage({ error: undefined });
  } catch (error) {
    asker.postMessage({ error: String(error) });
  }
}

// Each kind is reached in a way of its own: through a port, through the client that asks, or directly.
addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port) port.onmessage = ({ data }) => void serve(port, data as WorkerRequest);
});
addEventListener("message", (event) => {
  const { data, source } = event as MessageEvent<WorkerRequest>;
  const done = serve(source ?? globalThis, data);
  // A service worker would be put to sleep in the middle.
  (event as MessageEvent & { waitUntil?: (promise: Promise<void>) => void }).waitUntil?.(done);
});
