import { MqttClient, type ConnectOptions, type Transport, type TransportContext } from "rivulet";
import { ScriptedServer, type Answers } from "../../engine/testing/scripted-server.ts";
import type { MQTTEvents } from "../src/events.ts";
import { BasicMQTT } from "../src/mqtt.ts";
import type { Files, Platform } from "../src/platform.ts";

/** Files in memory. */
export class MemoryFiles implements Files {
  readonly contents: Map<string, Uint8Array> = new Map();

  read(path: string): Uint8Array {
    const bytes = this.contents.get(path);
    if (bytes === undefined) throw Object.assign(new Error(`There is no ${path}`), { code: "ENOENT" });
    return bytes;
  }

  write(path: string, bytes: Uint8Array): void {
    this.contents.set(path, bytes);
  }
}

class MemoryMQTT extends BasicMQTT {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- the constructor that it extends is protected
  constructor(platform: Platform) {
    super(platform);
  }
}

/** What happened to an object: the name of the event, and the event. */
export type Seen = { [Name in keyof MQTTEvents]: readonly [Name, MQTTEvents[Name]] }[keyof MQTTEvents];

const names = [
  "connected",
  "connectionStatus",
  "disconnected",
  "error",
  "messageAck",
  "messageIn",
  "messageOut",
  "readyToSend",
  "subscribed",
  "unsubscribed",
] as const;

/** An `MQTT` object, and servers in memory that it connects to. */
export class ComponentHarness {
  readonly mqtt: BasicMQTT;
  readonly files: MemoryFiles = new MemoryFiles();
  readonly servers: ScriptedServer[] = [];
  /** What clients were made with. */
  readonly options: ConnectOptions[] = [];
  /** What servers of connections to come answer. */
  answers: Answers;
  /** All events but the log, in order. */
  readonly seen: Seen[] = [];
  /** Called when a connection is to be opened; what it throws is why it cannot be. */
  onOpen: (signal: AbortSignal, report: TransportContext["report"]) => Promise<void> = () => Promise.resolve();
  /** Called when a client is made. */
  onCreate: () => void = () => undefined;

  constructor(answers: Answers = {}) {
    this.answers = answers;
    const transport: Transport = {
      schemes: ["mqtt:"],
      open: async (target, _options, { signal, report }) => {
        await this.onOpen(signal, report);
        const server = new ScriptedServer(target.url, this.answers);
        server.version = this.mqtt.version === 1 ? 5 : 4;
        this.servers.push(server);
        return server.duplex;
      },
    };
    this.mqtt = new MemoryMQTT({
      name: "a test",
      createClient: (url, options) => {
        this.options.push(options);
        this.onCreate();
        const { socket: _, ...rest } = options;
        return new MqttClient(url, { ...rest, transports: [transport] });
      },
      files: this.files,
      certificates: undefined,
      hasSockets: true,
    });
    this.mqtt.remoteHost = "server";
    for (const name of names) this.mqtt.on(name, (event) => this.seen.push([name, event] as unknown as Seen));
  }

  /** The server of the last connection. */
  get server(): ScriptedServer {
    const server = this.servers.at(-1);
    if (server === undefined) throw new Error("There is no connection");
    return server;
  }

  /** The events of some names. */
  events<Name extends keyof MQTTEvents>(name: Name): MQTTEvents[Name][] {
    return this.seen.filter(([each]) => each === name).map(([, event]) => event as MQTTEvents[Name]);
  }

  /** Resolves when there have been so many events of a name. */
  async saw(name: keyof MQTTEvents, count = 1): Promise<void> {
    while (this.events(name).length < count) {
      await new Promise<void>((resolve) => {
        const off = this.mqtt.on(name, () => {
          off();
          resolve();
        });
      });
    }
  }
}

/** A harness whose object is connected. */
export async function connected(
  answers: Answers = {},
  prepare: (mqtt: BasicMQTT) => void = () => undefined,
): Promise<ComponentHarness> {
  const harness = new ComponentHarness(answers);
  prepare(harness.mqtt);
  await harness.mqtt.connect();
  return harness;
}
