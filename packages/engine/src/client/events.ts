import type { ControlPacket } from "@rivulet/codec";
import type { MqttError } from "../errors.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Server } from "../session/server.ts";
import type { ServerAuthentication } from "../tls.ts";
import type { Milestone } from "../transport.ts";
import type { Message } from "./message.ts";
import type { Subscription } from "./subscription.ts";

/** The events of `MqttClient`, by name, each with the one object that its listeners get. */
export interface ClientEvents {
  /** The server has accepted the connection. Listeners run before any message is handed over. */
  connected: { readonly sessionPresent: boolean; readonly server: Server };
  /**
   * The connection is over. Not emitted for one that never came about. With `willReconnect`, attempts to make another
   * follow; when they are given up, or the client is closed meanwhile, it is emitted once more, without.
   */
  disconnected: {
    readonly reasonCode: number | undefined;
    readonly reasonString: string | undefined;
    /** Why, unless the client itself ended it. */
    readonly error: MqttError | undefined;
    readonly willReconnect: boolean;
  };
  /** An attempt to connect again will be made after `delayMs`; they are counted until a connection has lasted. */
  reconnecting: { readonly attempt: number; readonly delayMs: number };
  /**
   * How far an attempt to connect has got, in words; `reached` is there once for each thing that stands from then on: the
   * way through the proxy, TLS with a server that was accepted, the connection to the server. They stand until its end.
   */
  connectionStatus: { readonly status: string; readonly reached?: Milestone | undefined };
  /** How far TLS has got, in words; where the platform tells. */
  tlsStatus: { readonly message: string };
  /**
   * The server, or a proxy that is reached by TLS, has shown its certificate. A listener may set `accept`, at once:
   * `verifyServerCertificate` is for those who need time. One that throws refuses. No byte of MQTT leaves before. Not
   * emitted where TLS is the platform's own affair, as in browsers.
   */
  tlsServerAuthentication: ServerAuthentication;
  /** Every message, also one that no subscription of this client asked for. */
  message: { readonly message: Message; readonly subscriptions: readonly Subscription[] };
  /** The acknowledgement of a message has been given to the transport: PUBACK, or at QoS 2 PUBREC. */
  messageAcknowledged: { readonly packetId: number; readonly qos: 1 | 2 };
  /** The store has a message of ours: it is not lost with this process. */
  messageStored: {
    readonly topic: string;
    readonly qos: 0 | 1 | 2;
    /** Undefined while it waits to be sent. */
    readonly packetId: number | undefined;
  };
  /** The server has answered a SUBSCRIBE. */
  subscribed: { readonly subscription: Subscription };
  /** The server has answered an UNSUBSCRIBE. */
  unsubscribed: { readonly filters: readonly string[] };
  /** After `readyToSend` was false: what waited has been sent. */
  readyToSend: { readonly bufferedBytes: number };
  /**
   * Every packet, both ways, decoded; nothing is done for it while nobody listens. User names, passwords and
   * authentication data have been taken out; payloads, that of the will included, and User Properties are shown.
   */
  packet: { readonly direction: "in" | "out"; readonly packet: ControlPacket; readonly bytes: number };
  /** Something that may interest whoever reads the log, as far as `logLevel` lets it: see there. */
  log: LogEntry;
  /** An error that belongs to no call: a handler that failed, a listener that threw. Nobody needs to listen. */
  error: { readonly error: unknown };
}

/** The names of all events. */
export const eventNames: Readonly<Record<keyof ClientEvents, unknown>> = {
  connected: 0,
  disconnected: 0,
  reconnecting: 0,
  connectionStatus: 0,
  tlsStatus: 0,
  tlsServerAuthentication: 0,
  message: 0,
  messageAcknowledged: 0,
  messageStored: 0,
  subscribed: 0,
  unsubscribed: 0,
  readyToSend: 0,
  packet: 0,
  log: 0,
  error: 0,
};
