export { MqttClient, type ClientState } from "./client/client.ts";
export type { DisconnectOptions } from "./client/disconnect-options.ts";
export type { Unsubscribe } from "./client/emitter.ts";
export type { ClientEvents } from "./client/events.ts";
export type { AckMode, HandlerErrorPolicy, MessageHandler, Overflow } from "./client/inbox.ts";
export { Message, type AcknowledgeOptions } from "./client/message.ts";
export type { Patience } from "./client/operations.ts";
export type { PublishOptions, PublishResult } from "./client/publish-options.ts";
export type { FilterList, FilterOptions, FilterWithOptions, SubscribeOptions } from "./client/subscribe-options.ts";
export type { UnsubscribeResult } from "./client/subscriber.ts";
export { Subscription } from "./client/subscription.ts";
export type { ConnectionInfo, Duplex } from "./duplex.ts";
export type { Environment } from "./environment.ts";
export * from "./errors.ts";
export type {
  ConnectOptions,
  ConnectTarget,
  Credentials,
  EngineOptions,
  MessageProperties,
  Payload,
  UserProperties,
  WillOptions,
} from "./options.ts";
export type { SessionEvent } from "./session/events.ts";
export type { Server } from "./session/server.ts";
export { Session, type ConnectRequest } from "./session/session.ts";
export type {
  SocketOptions,
  Transport,
  TransportContext,
  TransportOptions,
  TransportTarget,
  WebSocketOptions,
} from "./transport.ts";
export type { Answer, Exchange, Request } from "./session/exchanges.ts";
export type { QueueLimits } from "./session/sender.ts";
export type { Acknowledgement, IncomingExchange } from "./session/exchanges.ts";
