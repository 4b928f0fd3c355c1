import type { AuthPacket, ConnackPacket, ControlPacket, PublishPacket } from "@rivulet/codec";
import type { MqttError } from "../errors.ts";
import type { Answer, IncomingExchange } from "./exchanges.ts";
import type { Server } from "./server.ts";

/** What happened in a Session; drained with `events`. `Context` is what the commands were given. */
export type SessionEvent<Context> =
  /** The server accepted the connection. */
  | { readonly type: "connected"; readonly server: Server }
  /** A message came. With an exchange it is to be acknowledged by `acknowledge`. */
  | { readonly type: "message"; readonly packet: PublishPacket; readonly exchange: IncomingExchange | undefined }
  /**
   * A message that had to wait, at QoS 0 or with `tellsSent`, is in the batch that `transmit` returns next.
   */
  | { readonly type: "batched"; readonly context: Context }
  /**
   * The server has answered a message or a request, and its exchange is over. A Reason Code of 0x80 or above: the
   * server did not do what it was asked to.
   */
  | { readonly type: "answered"; readonly context: Context; readonly packet: Answer }
  /** A command will not be carried out; or, without a context, what another process has left behind. */
  | { readonly type: "failed"; readonly context: Context | undefined; readonly error: MqttError }
  /** The server has lost subscriptions with the Session, and does not grant them again. */
  | { readonly type: "subscriptionsLost"; readonly topicFilters: readonly string[]; readonly error: MqttError }
  /**
   * The server has said something in an AUTH exchange (section 4.12): in AUTH, to go on by `authenticate`, or, with
   * success, at the end of a re-authentication; or in the CONNACK that waits for `accept`.
   */
  | { readonly type: "auth"; readonly packet: AuthPacket | ConnackPacket }
  /** The acknowledgement of a message has been put into the batch. */
  | { readonly type: "acknowledged"; readonly exchange: IncomingExchange }
  /**
   * The Network Connection is over for the protocol: when `transmit` has nothing left, the transport is to be closed.
   * Without an error it ended by our own DISCONNECT.
   */
  | { readonly type: "ended"; readonly error: MqttError | undefined }
  /** A packet was received or put into the batch; only while `tracing` is on. */
  | {
      readonly type: "packet";
      readonly direction: "in" | "out";
      readonly packet: ControlPacket;
      readonly byteLength: number;
    }
  /** Something that may interest whoever reads the log. */
  | { readonly type: "log"; readonly level: "info"; readonly message: string };
