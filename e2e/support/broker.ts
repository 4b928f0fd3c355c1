/** A real broker for a test: mosquitto on free loopback ports, with its own configuration, certificates and users. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  credentials,
  listenerNames,
  listeners,
  writeBrokerFiles,
  type ConfigurationOptions,
  type Credentials,
  type ListenerName,
  type Ports,
  type ScramListeners,
} from "./broker-configuration.ts";
import { launchCompose, launchMosquitto, PortTakenError, type BrokerProcess } from "./broker-process.ts";
import { watchStatistics } from "./broker-statistics.ts";
import { findMosquitto } from "./find-executable.ts";
import { freePorts } from "./free-ports.ts";
import { buildScramPlugin } from "./scram-plugin.ts";

export interface Broker {
  /** A URL a listener; the guarded ones ask for `credentials`. */
  readonly urls: Readonly<Record<ListenerName, string>>;
  /** Listeners that ask for SCRAM-SHA-256; absent unless asked for, and where Docker runs the broker. */
  readonly scramUrls?: { readonly tcp: string; readonly ws: string };
  /** The certificate authority, in PEM, that the TLS listeners' certificate is from. */
  readonly ca: string;
  readonly credentials: Credentials;
  /** The process of the broker; absent where Docker runs it. */
  readonly pid?: number;
  /** How many messages the broker has dropped until now: they would look like losses of the client. */
  droppedMessages(): Promise<number>;
  /** Ends the process, waits until it is gone and removes its files. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface BrokerOptions {
  /** Global settings of the configuration to change, such as `{ persistence: "true" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether there are to be listeners that ask for SCRAM, with a plugin that is compiled when needed. Default: no. */
  readonly hasScram?: boolean;
}

/** How often free ports are looked for anew when somebody else was faster. */
const attempts = 5;

/**
 * Starts mosquitto, or the compose file's where only Docker is there, and resolves once it accepts connections.
 *
 * @throws Error with the broker's own words when it does not start.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const files = await mkdtemp(join(tmpdir(), "rivulet-broker-"));
  const removeFiles = (): void => {
    process.off("exit", removeFiles);
    rmSync(files, { recursive: true, force: true });
  };
  process.once("exit", removeFiles); // also when a test run dies
  try {
    await writeBrokerFiles(files);
    const { ports, scram, running } = await launchOnFreePorts(options, files);
    const urls = brokerUrls(ports);
    const statistics = await watchStatistics(urls.tcp);
    const stop = async (): Promise<void> => {
      await statistics.stop();
      await running.stop();
      removeFiles();
    };
    return {
      urls,
      ...(scram === undefined ? {} : { scramUrls: scramUrls(scram) }),
      ca: join(files, "ca.crt"),
      credentials,
      ...(running.pid === undefined ? {} : { pid: running.pid }),
      droppedMessages: () => statistics.droppedMessages(),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    removeFiles();
    throw error;
  }
}

async function launchOnFreePorts(
  { settings, hasScram = false }: BrokerOptions,
  files: string,
): Promise<Pick<ConfigurationOptions, "ports" | "scram"> & { running: BrokerProcess }> {
  const executable = findMosquitto();
  const plugin = hasScram && executable !== undefined ? await buildScramPlugin() : undefined;
  const names = listenerNames();
  for (let attempt = 1; ; attempt++) {
    const [tcp = 0, ws = 0, ...others] = await freePorts(names.length + 2);
    const ports = Object.fromEntries(names.map((name, index) => [name, others[index]])) as Ports; // one port a name
    const scram = plugin === undefined ? undefined : { plugin, ports: { tcp, ws } };
    const options = { ports, files, scram, ...(settings === undefined ? {} : { settings }) };
    try {
      const running =
        executable === undefined
          ? await launchCompose(`rivulet-${randomUUID()}`, options)
          : await launchMosquitto(executable, options);
      return { ports, scram, running };
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === attempts) throw error;
    }
  }
}

function scramUrls({ ports }: ScramListeners): { tcp: string; ws: string } {
  return { tcp: `mqtt://127.0.0.1:${ports.tcp}`, ws: `ws://127.0.0.1:${ports.ws}` };
}

function brokerUrls(ports: Ports): Record<ListenerName, string> {
  // The certificate is for localhost and 127.0.0.1; the address keeps name resolution out of the tests.
  const entries = listenerNames().map((name) => [name, `${listeners[name].scheme}://127.0.0.1:${ports[name]}`]);
  return Object.fromEntries(entries) as Record<ListenerName, string>; // one URL a name
}
