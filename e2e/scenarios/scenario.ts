/**
 * A scenario is something a user does with Rivulet, told once and run on every runtime: it may use only what all of
 * them have, and gets the rest from its environment.
 */
import type * as rivulet from "rivulet";
import type * as rivuletScram from "rivulet/scram";

import type { Transport } from "./fault-calls.ts";
import type { Faults } from "./faults.ts";

export type Rivulet = typeof rivulet;
export type Scram = typeof rivuletScram.scram;
export type ProtocolVersion = 4 | 5;

/** What differs from one cell of the matrix to the next; plain data, so that it can be handed to another process or page. */
export interface Cell {
  readonly runtime: string;
  readonly transport: Transport;
  readonly protocolVersion: ProtocolVersion;
  /** A listener that lets everybody in. */
  readonly url: string;
  /** A listener that asks for the credentials. */
  readonly guardedUrl: string;
  /** A listener that asks the user of the credentials for SCRAM-SHA-256; absent where Docker runs the broker. */
  readonly scramUrl?: string;
  /** A user whom it answers, given the same password, with a signature that is wrong. */
  readonly deceivedUsername: string;
  /** A broker that speaks 3.1.1 only. */
  readonly oldUrl: string;
  /** Nobody listens there. */
  readonly nowhereUrl: string;
  /** Where the harness is asked for faults. */
  readonly controlUrl: string;
  /** Whether it has brokers that may be stopped; not where Docker runs the broker. */
  readonly hasFaultyBrokers: boolean;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Topics below it belong to this cell alone. */
  readonly topicRoot: string;
}

export interface ScenarioContext extends Cell {
  /** The package, as this runtime imports it. */
  readonly rivulet: Rivulet;
  /** Of `rivulet/scram`. */
  readonly scram: Scram;
  /** Topics below it belong to this scenario alone. */
  readonly topic: string;
  /** What goes wrong on purpose. */
  readonly faults: Faults;
  /**
   * Connects with the cell's protocol version, to `url` where no other is given; the client is closed when the scenario
   * is over.
   */
  connect(options?: rivulet.ConnectOptions, url?: string): Promise<rivulet.MqttClient>;
  /** Has the client closed when the scenario is over. */
  own(client: rivulet.MqttClient): rivulet.MqttClient;
}

export interface Scenario {
  readonly name: string;
  /** Default: both. */
  readonly protocolVersions?: readonly ProtocolVersion[];
  /** It takes `scramUrl`, and is not run where there is none. */
  readonly needsScram?: boolean;
  /** It takes a broker that may be stopped, and is not run where there is none. */
  readonly needsFaultyBroker?: boolean;
  /** It waits for clocks more than anything else: it is run beside the others, not after them. */
  readonly isPatient?: boolean;
  /** It lets connections wait, by `Way.hold`. */
  readonly holdsConnections?: boolean;
  /** Time it may take at most. Default: 30,000. */
  readonly timeoutMs?: number;
  run(context: ScenarioContext): Promise<void>;
}

export interface ScenarioResult {
  readonly runtime: string;
  readonly transport: Transport;
  readonly protocolVersion: ProtocolVersion;
  readonly scenario: string;
  readonly status: "passed" | "failed";
  readonly durationMs: number;
  readonly error?: string;
}
