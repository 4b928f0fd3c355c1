import type { CutPlan, FaultCalls, FaultyBrokerName, Transport } from "./fault-calls.ts";

/** A way to a listener that can be cut. */
export interface Way {
  readonly url: string;
  /** Cuts the connections through it; new ones are welcome. */
  cut(): Promise<void>;
  /** Lets new connections wait until `release`: attempts do not fail meanwhile, they take long. */
  hold(): Promise<void>;
  release(): Promise<void>;
  /** Closes it; resolves to how many connections it has cut by its plan. */
  close(): Promise<number>;
}

/** A broker that is the scenario's own for as long as the scenario runs. */
export interface FaultyBroker {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** What TLS and the upgrade to a WebSocket take in either direction, at most. */
const handshakeBytes = { tcp: 0, tls: 1_500, ws: 1_000, wss: 5_000 };

/** What goes wrong on purpose: the harness does it, which a page has to ask as well. */
export class Faults {
  readonly #controlUrl: string;
  readonly #transport: Transport;
  readonly #ways = new Set<Way>();

  constructor({ controlUrl, transport }: { readonly controlUrl: string; readonly transport: Transport }) {
    this.#controlUrl = controlUrl;
    this.#transport = transport;
  }

  /**
   * Opens a way to a listener; it is closed when the scenario is over. The bytes of the plan are those of MQTT and what
   * frames them: the handshakes of the transport come on top.
   */
  async proxy(to: string, plan?: CutPlan): Promise<Way> {
    const handshake = handshakeBytes[this.#transport];
    const later = ([least, most]: readonly [number, number]): [number, number] => [least + handshake, most + handshake];
    const whole = plan && {
      ...plan,
      ...(plan.up && { up: later(plan.up) }),
      ...(plan.down && { down: later(plan.down) }),
    };
    const { url } = await this.#call("openProxy", { url: to, ...(whole && { plan: whole }) });
    const way: Way = {
      url,
      cut: () => this.#call("cutProxy", { url }),
      hold: () => this.#call("holdProxy", { url }),
      release: () => this.#call("releaseProxy", { url }),
      close: async () => {
        this.#ways.delete(way);
        return (await this.#call("closeProxy", { url })).cuts;
      },
    };
    this.#ways.add(way);
    return way;
  }

  /** Starts a broker. */
  async broker(name: FaultyBrokerName): Promise<FaultyBroker> {
    const { urls } = await this.#call("startBroker", { name });
    return {
      url: urls[this.#transport],
      stop: () => this.#call("stopBroker", { name }),
      start: async () => {
        await this.#call("startBroker", { name });
      },
    };
  }

  /** The scenario is over. */
  async close(): Promise<void> {
    await Promise.all([...this.#ways].map((way) => way.close()));
  }

  async #call<Name extends keyof FaultCalls>(
    name: Name,
    input: Parameters<FaultCalls[Name]>[0],
  ): Promise<Awaited<ReturnType<FaultCalls[Name]>>> {
    // Without headers of its own it needs no leave of the harness to come from a page.
    const response = await fetch(this.#controlUrl, { method: "POST", body: JSON.stringify({ name, input }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`The harness could not ${name}: ${text}`);
    return JSON.parse(text) as Awaited<ReturnType<FaultCalls[Name]>>; // The harness implements FaultCalls.
  }
}
