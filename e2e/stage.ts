/** What the cells of the matrix are run against: brokers and browsers, started for one cell after the other. */
import { dirname } from "node:path";

import { startBrowser, type Browser, type BrowserName } from "./hosts/browser.ts";
import { startAedes, type OldBroker } from "./support/aedes.ts";
import { startBroker, type Broker } from "./support/broker.ts";
import type { Bundles } from "./support/bundles.ts";
import { startFaultServer, type FaultServer } from "./support/fault-server.ts";
import { findMosquitto } from "./support/find-executable.ts";
import { closedPort } from "./support/free-ports.ts";
import { startPacemaker } from "./support/pacemaker.ts";

export interface Stage {
  readonly broker: Broker;
  readonly oldBroker: OldBroker;
  readonly faultServer: FaultServer;
  readonly bundles: Bundles;
  readonly nowherePort: number;
  /** The browser, which is started for the first who asks. */
  browser(name: BrowserName): Promise<Browser>;
  /** What says that a broker dropped a message: it would look like one that a client lost. */
  drops(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openStage(bundles: Bundles): Promise<Stage> {
  const stops: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops) await stop();
  };
  try {
    const broker = await startBroker({ hasScram: true });
    stops.unshift(broker.stop);
    const pacemaker = await startPacemaker(broker.urls.tcp);
    stops.unshift(pacemaker.stop);
    const oldBroker = await startAedes();
    stops.unshift(oldBroker.stop);
    const faultServer = await startFaultServer({ mosquitto: findMosquitto(), files: dirname(broker.ca) });
    stops.unshift(faultServer.stop);
    const browsers = new Map<BrowserName, Browser>();
    const browser = async (name: BrowserName): Promise<Browser> => {
      const running = browsers.get(name) ?? (await startBrowser(name, bundles));
      if (!browsers.has(name)) stops.unshift(running.close);
      browsers.set(name, running);
      return running;
    };
    const drops = async (): Promise<string[]> => {
      const dropped = await broker.droppedMessages();
      return [...(dropped === 0 ? [] : [String(dropped)]), ...faultServer.droppers()];
    };
    return { broker, oldBroker, faultServer, bundles, nowherePort: await closedPort(), browser, drops, close };
  } catch (error) {
    await close();
    throw error;
  }
}
