/** What a scenario may ask the harness to do to its connection or its broker: types only, for both sides. */

export type Transport = "tcp" | "tls" | "ws" | "wss";

/** When a proxy cuts the connections that go through it. */
export interface CutPlan {
  /** The same seed cuts after the same bytes. */
  readonly seed: number;
  /** So many connections are cut; those after them last. */
  readonly cuts: number;
  /** How many bytes to the server a connection may carry at least and at most. */
  readonly up?: readonly [least: number, most: number];
  /** The same of bytes to the client. With both, either of the two is chosen for each connection. */
  readonly down?: readonly [least: number, most: number];
}

/**
 * Brokers that may be stopped. They are there for the whole run, on the same ports each time, and nobody else uses them
 * while a scenario does.
 */
export type FaultyBrokerName =
  /** It keeps sessions and what waits in them on disk. */
  | "lasting"
  /** It forgets everything. */
  | "forgetful"
  /** It has two QoS 1 and 2 messages in flight at most, both ways. */
  | "narrow";

/** Functions of the harness, by name. */
export interface FaultCalls {
  /** Opens a way to a listener; the URL is the given one with another port. */
  openProxy(input: { readonly url: string; readonly plan?: CutPlan }): Promise<{ readonly url: string }>;
  /** Cuts the connections through a proxy; new ones are welcome. */
  cutProxy(input: { readonly url: string }): Promise<void>;
  /** Lets new connections wait until `releaseProxy`: attempts do not fail meanwhile, they take long. */
  holdProxy(input: { readonly url: string }): Promise<void>;
  releaseProxy(input: { readonly url: string }): Promise<void>;
  /** Closes a proxy; tells how many connections it has cut by its plan. */
  closeProxy(input: { readonly url: string }): Promise<{ readonly cuts: number }>;
  /** Starts a broker, unless it is running; resolves when it accepts connections. */
  startBroker(input: { readonly name: FaultyBrokerName }): Promise<{
    readonly urls: Readonly<Record<Transport, string>>;
  }>;
  /** Stops a broker as a service manager does; resolves when it is gone. */
  stopBroker(input: { readonly name: FaultyBrokerName }): Promise<void>;
}
