import type { ProtocolVersion } from "@rivulet/codec";
import {
  MqttClient,
  type ClientEvents,
  type ConnectTarget,
  type EngineOptions,
  type Transport,
  type TransportContext,
  type TransportOptions,
  type TransportTarget,
} from "@rivulet/engine";
import { ScriptedServer, type Answers } from "./scripted-server.ts";
import { settle, until, VirtualEnvironment } from "./virtual-environment.ts";

/** How one test wants its world. */
export interface HarnessOptions {
  readonly url?: ConnectTarget;
  readonly version?: ProtocolVersion;
  readonly options?: Partial<EngineOptions>;
  readonly answers?: Answers;
}

/** One call of `Transport.open`. */
export interface Opening {
  readonly target: TransportTarget;
  readonly options: TransportOptions;
  readonly context: TransportContext;
}

/** A client, time that stands still, and servers in memory that it can connect to. */
export class Harness {
  readonly environment: VirtualEnvironment = new VirtualEnvironment();
  readonly client: MqttClient;
  /** Connections that were opened, in order. */
  readonly servers: ScriptedServer[] = [];
  readonly openings: Opening[] = [];
  /** What the servers of connections to come answer. */
  answers: Answers;
  /** Called when a connection is to be opened; what it throws is why it cannot be. */
  onOpen: (opening: Opening) => Promise<void> = () => Promise.resolve();
  /** Called with each connection that was opened, before the client has it. */
  onServer: (server: ScriptedServer) => void = () => undefined;

  constructor({ url = "mem://server", version = 5, options = {}, answers = {} }: HarnessOptions = {}) {
    this.answers = answers;
    const transport: Transport = {
      schemes: ["mem:"],
      open: async (target, transportOptions, context) => {
        const opening = { target, options: transportOptions, context };
        this.openings.push(opening);
        await this.onOpen(opening);
        const server = new ScriptedServer(target.url, this.answers);
        this.servers.push(server);
        this.onServer(server);
        return server.duplex;
      },
    };
    const { environment } = this;
    this.client = new MqttClient(url, { protocolVersion: version, transports: [transport], environment, ...options });
  }

  /** The server of the last connection. */
  get server(): ScriptedServer {
    const server = this.servers.at(-1);
    if (server === undefined) throw new Error("There is no connection");
    return server;
  }

  /** The server of the next connection, as soon as it is there. */
  async nextServer(): Promise<ScriptedServer> {
    const { length } = this.servers;
    await until(() => this.servers.length > length);
    return this.server;
  }

  /** Records the events of some names from now on. */
  record<Name extends keyof ClientEvents>(...names: Name[]): { name: Name; event: ClientEvents[Name] }[] {
    const events: { name: Name; event: ClientEvents[Name] }[] = [];
    for (const name of names) this.client.on(name, (event) => events.push({ name, event }));
    return events;
  }
}

/** A harness whose client is connected. */
export async function connected(options: HarnessOptions = {}): Promise<Harness> {
  const harness = new Harness(options);
  await harness.client.connect();
  await settle();
  return harness;
}

/** How a promise stands, without waiting for it. */
export function watch<T>(promise: Promise<T>): {
  state: "pending" | "fulfilled" | "rejected";
  value?: T;
  error?: unknown;
} {
  const watched: ReturnType<typeof watch<T>> = { state: "pending" };
  promise.then(
    (value) => Object.assign(watched, { state: "fulfilled", value }),
    (error: unknown) => Object.assign(watched, { state: "rejected", error }),
  );
  return watched;
}

/** A promise that never settles by itself, with its two ends. */
export function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void; fail: (error: unknown) => void } {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** Rejects with the signal's reason when it is aborted, as a transport does that is being opened. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, fail } = gate<never>();
  signal.addEventListener("abort", () => fail(signal.reason));
  return promise;
}
