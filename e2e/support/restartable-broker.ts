import { cp, mkdtemp } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Transport } from "../scenarios/fault-calls.ts";
import { listenerNames, listeners, type Ports } from "./broker-configuration.ts";
import { launchMosquitto, PortTakenError, type BrokerProcess } from "./broker-process.ts";
import { freePorts } from "./free-ports.ts";
import { startPacemaker } from "./pacemaker.ts";

export interface RestartableBrokerOptions {
  /** The executable. */
  readonly mosquitto: string;
  /** Where certificates and passwords are, those of the run. */
  readonly files: string;
  /** Global settings that differ from the configuration's. */
  readonly settings: Readonly<Record<string, string>>;
  /** It is to keep its sessions when it is stopped. */
  readonly isPersistent?: boolean;
}

/** How often somebody else may have a port, for a moment or, before the first start, for good. */
const attempts = 5;

/** A mosquitto that can be stopped and started again, on the same ports. */
export class RestartableBroker {
  readonly #options: RestartableBrokerOptions;
  #directory: string | undefined;
  #ports: Ports | undefined;
  #running: { readonly broker: BrokerProcess; readonly pacemaker: { stop(): Promise<void> } } | undefined;
  #hasDropped = false;
  readonly #removeFiles = (): void => {
    process.off("exit", this.#removeFiles);
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  };

  constructor(options: RestartableBrokerOptions) {
    this.#options = options;
  }

  /** Whether it has ever said that it dropped a message. */
  get hasDropped(): boolean {
    return this.#hasDropped;
  }

  /** Starts it, unless it is running; resolves to its open listeners. */
  async start(): Promise<Record<Transport, string>> {
    const url = (name: Transport): string => `${listeners[name].scheme}://127.0.0.1:${this.#ports?.[name] ?? ""}`;
    if (this.#running === undefined) {
      const broker = await this.#launch();
      this.#running = { broker, pacemaker: await startPacemaker(url("tcp")) };
    }
    return { tcp: url("tcp"), tls: url("tls"), ws: url("ws"), wss: url("wss") };
  }

  /** Stops it, unless it is stopped; resolves when the process is gone. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.pacemaker.stop();
    await running?.broker.stop();
  }

  /** Stops it for good and removes its files. */
  async dispose(): Promise<void> {
    await this.stop();
    this.#removeFiles();
  }

  async #launch(): Promise<BrokerProcess> {
    const { mosquitto, settings, isPersistent = false } = this.#options;
    const files = this.#directory ?? (await this.#makeDirectory());
    const isFirst = this.#ports === undefined;
    for (let attempt = 1; ; attempt++) {
      const ports = (isFirst ? undefined : this.#ports) ?? (await findPorts());
      const persistence = isPersistent ? { persistence: "true", persistence_location: `${files}/` } : {};
      try {
        const heard = (line: string): void => void (this.#hasDropped ||= line.includes("being dropped"));
        const broker = await launchMosquitto(mosquitto, {
          ...{ ports, files, heard },
          settings: { ...settings, ...persistence },
        });
        this.#ports = ports;
        return broker;
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === attempts) throw error;
      }
    }
  }

  async #makeDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "rivulet-broker-"));
    this.#directory = directory;
    process.once("exit", this.#removeFiles); // also when a test run dies
    for (const name of ["ca.crt", "server.crt", "server.key", "passwords", "acl"]) {
      await cp(join(this.#options.files, name), join(directory, name));
    }
    return directory;
  }
}

async function findPorts(): Promise<Ports> {
  const names = listenerNames();
  const ports = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Ports; // one port a name
}
