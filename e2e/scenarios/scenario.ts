/**
 * A scenario is something a user does with Rivulet, told once and run on every runtime: it may use only what all of
 * them have, and gets the rest from its environment.
 */
import type * as rivulet from "rivulet";

export type Rivulet = typeof rivulet;
export type ProtocolVersion = 4 | 5;

/** What differs from one cell of the matrix to the next; plain data, so that it can be handed to another process or page. */
export interface Cell {
  readonly runtime: string;
  readonly transport: string;
  readonly protocolVersion: ProtocolVersion;
  /** A listener that lets everybody in. */
  readonly url: string;
  /** A listener that asks for the credentials. */
  readonly guardedUrl: string;
  /** A broker that speaks 3.1.1 only. */
  readonly oldUrl: string;
  /** Nobody listens there. */
  readonly nowhereUrl: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Topics below it belong to this cell alone. */
  readonly topicRoot: string;
}

export interface ScenarioContext extends Cell {
  /** The package, as this runtime imports it. */
  readonly rivulet: Rivulet;
  /** Topics below it belong to this scenario alone. */
  readonly topic: string;
  /** Connects with the cell's protocol version; the client is closed when the scenario is over. */
  connect(options?: rivulet.ConnectOptions): Promise<rivulet.MqttClient>;
  /** Has the client closed when the scenario is over. */
  own(client: rivulet.MqttClient): rivulet.MqttClient;
}

export interface Scenario {
  readonly name: string;
  /** Default: both. */
  readonly protocolVersions?: readonly ProtocolVersion[];
  /** Time it may take at most. Default: 30,000. */
  readonly timeoutMs?: number;
  run(context: ScenarioContext): Promise<void>;
}

export interface ScenarioResult {
  readonly runtime: string;
  readonly transport: string;
  readonly protocolVersion: ProtocolVersion;
  readonly scenario: string;
  readonly status: "passed" | "failed";
  readonly durationMs: number;
  readonly error?: string;
}
