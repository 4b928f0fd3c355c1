/** What a runtime is asked to do, and what it answers: plain data both, since it goes to other processes and pages. */
import type { ConnectionInfo, ConnectOptions } from "rivulet";

/** One connection to make. */
export interface Specification {
  readonly url: string;
  /** Bytes stand as `{ $base64 }`. */
  readonly options: ConnectOptions | Readonly<Record<string, unknown>>;
  /** What `tls.verifyServerCertificate` returns; absent: there is no such function. */
  readonly verifies?: boolean;
  /** What a listener of `tlsServerAuthentication` sets `accept` to; absent: it leaves it. */
  readonly listenerAccepts?: boolean;
  /** Bytes to publish at QoS 0 in one message, and to receive again. Default: 10. */
  readonly payloadBytes?: number;
  /** How often the connection is made, one after the other, by the same options. Default: 1. */
  readonly times?: number;
  /** Pairs of messages to publish at QoS 0, each in two turns that follow one another. Default: 0. */
  readonly pairs?: number;
  /** How it ends. Default: `"disconnect"`. */
  readonly ending?: "disconnect" | "close";
}

/** What became of it. */
export interface Outcome {
  readonly connections: readonly ConnectionInfo[];
  /** Whether what was published came back, each time. */
  readonly roundTrips: boolean;
  readonly tlsStatus: readonly string[];
  readonly authentications: readonly {
    readonly subject: string;
    readonly reason: string | undefined;
    readonly problems: readonly string[];
  }[];
  readonly error?: Failure;
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  /** The option, or the feature, that it is about. */
  readonly about: string | undefined;
}

/** Makes bytes fit for JSON. */
export function base64(bytes: Uint8Array): Record<string, string> {
  return { $base64: Buffer.from(bytes).toString("base64") };
}
