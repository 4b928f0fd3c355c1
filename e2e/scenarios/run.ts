import { within } from "./expect.ts";
import { Faults } from "./faults.ts";
import { scenarios } from "./list.ts";
import type { Cell, Rivulet, Scenario, ScenarioContext, ScenarioResult, Scram } from "./scenario.ts";

export interface RunOptions {
  readonly rivulet: Rivulet;
  readonly scram: Scram;
  readonly cell: Cell;
  /** Only scenarios whose name contains it. */
  readonly only?: string;
  /** Told each result as soon as it is there. */
  readonly report?: (result: ScenarioResult) => void;
}

/**
 * Runs the list in one cell of the matrix, one scenario after the other, but for the patient ones. Never rejects because
 * of a scenario.
 */
export async function runScenarios(options: RunOptions): Promise<ScenarioResult[]> {
  const { cell, only = "" } = options;
  const results: ScenarioResult[] = [];
  const run = async ({ scenario, topic }: { scenario: Scenario; topic: string }): Promise<void> => {
    const result = await runScenario(scenario, { ...options, topic });
    options.report?.(result);
    results.push(result);
  };
  const selected = scenarios
    .map((scenario, index) => ({ scenario, topic: `${cell.topicRoot}/${index}` }))
    .filter(({ scenario }) => scenario.name.includes(only) && isFor(cell, scenario));
  // Firefox opens one WebSocket to a host at a time: one that is held keeps everybody else waiting.
  const isAlone = ({ scenario }: { scenario: Scenario }): boolean =>
    scenario.holdsConnections === true && cell.runtime.startsWith("firefox");
  const together = selected.filter((each) => !isAlone(each));
  const patient = together.filter(({ scenario }) => scenario.isPatient).map(run);
  for (const each of together.filter(({ scenario }) => !scenario.isPatient)) await run(each);
  await Promise.all(patient);
  for (const each of selected.filter(isAlone)) await run(each);
  return results;
}

function isFor(cell: Cell, { protocolVersions = [4, 5], needsScram, needsFaultyBroker }: Scenario): boolean {
  if (needsScram && cell.scramUrl === undefined) return false;
  if (needsFaultyBroker && !cell.hasFaultyBrokers) return false;
  return protocolVersions.includes(cell.protocolVersion);
}

async function runScenario(scenario: Scenario, options: RunOptions & { topic: string }): Promise<ScenarioResult> {
  const { cell, rivulet, scram, topic } = options;
  const clients: { close(): unknown }[] = [];
  let isOver = false;
  const own: ScenarioContext["own"] = (client) => {
    clients.push(client);
    if (isOver) client.close();
    return client;
  };
  const faults = new Faults(cell);
  const context: ScenarioContext = {
    ...cell,
    rivulet,
    scram,
    topic,
    faults,
    own,
    connect: async (connectOptions, url = cell.url) =>
      own(await rivulet.connect(url, { protocolVersion: cell.protocolVersion, ...connectOptions })),
  };
  const { runtime, transport, protocolVersion } = cell;
  const start = performance.now();
  const outcome = await within(scenario.timeoutMs ?? 30_000, "The scenario", scenario.run(context)).then(
    () => ({ status: "passed" as const }),
    (error: unknown) => ({ status: "failed" as const, error: describe(error) }),
  );
  const durationMs = Math.round(performance.now() - start);
  isOver = true;
  for (const client of clients) client.close();
  await faults.close();
  return { runtime, transport, protocolVersion, scenario: scenario.name, durationMs, ...outcome };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${describe(error.cause)}`;
  return `${error.stack ?? String(error)}${cause}`;
}
