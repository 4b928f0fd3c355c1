import { within } from "./expect.ts";
import { scenarios } from "./list.ts";
import type { Cell, Rivulet, Scenario, ScenarioContext, ScenarioResult } from "./scenario.ts";

export interface RunOptions {
  readonly rivulet: Rivulet;
  readonly cell: Cell;
  /** Only scenarios whose name contains it. */
  readonly only?: string;
  /** Told each result as soon as it is there. */
  readonly report?: (result: ScenarioResult) => void;
}

/** Runs the list in one cell of the matrix, one scenario after the other. Never rejects because of a scenario. */
export async function runScenarios(options: RunOptions): Promise<ScenarioResult[]> {
  const { cell, only = "" } = options;
  const results: ScenarioResult[] = [];
  for (const [index, scenario] of scenarios.entries()) {
    const versions = scenario.protocolVersions ?? [4, 5];
    if (!versions.includes(cell.protocolVersion) || !scenario.name.includes(only)) continue;
    const result = await runScenario(scenario, { ...options, topic: `${cell.topicRoot}/${index}` });
    options.report?.(result);
    results.push(result);
  }
  return results;
}

async function runScenario(scenario: Scenario, options: RunOptions & { topic: string }): Promise<ScenarioResult> {
  const { cell, rivulet, topic } = options;
  const clients: { close(): unknown }[] = [];
  const own: ScenarioContext["own"] = (client) => {
    clients.push(client);
    return client;
  };
  const context: ScenarioContext = {
    ...cell,
    rivulet,
    topic,
    own,
    connect: async (connectOptions) =>
      own(await rivulet.connect(cell.url, { protocolVersion: cell.protocolVersion, ...connectOptions })),
  };
  const { runtime, transport, protocolVersion } = cell;
  const start = performance.now();
  const outcome = await within(scenario.timeoutMs ?? 30_000, "The scenario", scenario.run(context)).then(
    () => ({ status: "passed" as const }),
    (error: unknown) => ({ status: "failed" as const, error: describe(error) }),
  );
  const durationMs = Math.round(performance.now() - start);
  for (const client of clients) client.close();
  return { runtime, transport, protocolVersion, scenario: scenario.name, durationMs, ...outcome };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${describe(error.cause)}`;
  return `${error.stack ?? String(error)}${cause}`;
}
