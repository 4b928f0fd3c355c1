import { setTimeout as sleep } from "node:timers/promises";

import type { DemoArguments } from "./arguments.ts";
import type { Broker } from "./broker.ts";
import { startHouse } from "./house-publisher.ts";
import { startPageServer } from "./page-server.ts";
import { startBroker } from "./start-broker.ts";

/** How long a lost connection waits for the broker's own account of what happened. */
const accountMs = 500;

/** The running demo. */
export interface Demo {
  readonly pageUrl: string;
  readonly broker: Broker;
  /** The version that the house agreed on with the broker, as `MQTT 5.0`. */
  readonly protocol: string;
  /** Resolves with the reason if a part of the demo dies. Otherwise it stays pending. */
  readonly died: Promise<Error>;
  stop(): Promise<void>;
}

/** Starts broker, house and page, in this order; what has started is stopped again when a later one cannot. */
export async function startDemo(options: DemoArguments & { readonly bundlePath: string }): Promise<Demo> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const broker = await startBroker(options.broker);
    started.push(broker);
    const house = await startHouse(broker.tcpUrl, { seed: options.seed });
    started.push(house);
    const page = await startPageServer({
      port: options.port,
      bundlePath: options.bundlePath,
      settings: { broker: broker.name, url: broker.webSocketUrl, filter: "home/#" },
    });
    started.push(page);
    return {
      pageUrl: page.url,
      broker,
      protocol: versionName(house.protocolVersion),
      died: Promise.race([
        broker.died,
        house.died.then((error) =>
          Promise.race([
            broker.died,
            sleep(accountMs, new Error(`The house lost the broker: ${error.message}`, { cause: error })),
          ]),
        ),
      ]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function versionName(protocolVersion: number): string {
  const names: Readonly<Record<number, string>> = { 3: "MQTT 3.1", 4: "MQTT 3.1.1", 5: "MQTT 5.0" };
  return names[protocolVersion] ?? `MQTT level ${protocolVersion}`;
}
