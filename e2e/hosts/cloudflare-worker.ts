/** The Worker: one request runs a cell, and its answer is a line of JSON for each result. */
import * as rivulet from "rivulet";
import { scram } from "rivulet/scram";

import { runScenarios, type RunOptions } from "../scenarios/run.ts";
import type { ScenarioResult } from "../scenarios/scenario.ts";

const encoder = new TextEncoder();

// The runtime looks for it there.
// eslint-disable-next-line no-restricted-syntax -- Nothing else is looked at.
export default {
  async fetch(request: Request): Promise<Response> {
    const { cell, only } = (await request.json()) as Pick<Required<RunOptions>, "cell" | "only">;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const report = (result: ScenarioResult): void => {
      void writer.write(encoder.encode(`${JSON.stringify(result)}\n`));
    };
    void runScenarios({ rivulet, scram, cell, only, report }).then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    );
    return new Response(readable);
  },
};
