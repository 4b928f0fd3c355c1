import type { ConnectOptions } from "rivulet";
import type { ScenarioContext } from "./scenario.ts";

/** Options of a client that comes back at once when its connection is lost, to a Session that waits for it. */
export function lastingSession({ protocolVersion, topic }: ScenarioContext, name: string): ConnectOptions {
  return {
    clientId: `${topic}/${name}`.replaceAll("/", "-"),
    cleanStart: false,
    ...(protocolVersion === 5 ? { sessionExpiryInterval: 600 } : {}),
    reconnect: { minDelayMs: 1, maxDelayMs: 10 },
  };
}
