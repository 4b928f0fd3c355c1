export type { Authentication, Authenticator } from "./authenticator.ts";
export { MqttClient, type ClientState } from "./client/client.ts";
export type { DisconnectOptions } from "./client/disconnect-options.ts";
export type { Unsubscribe } from "./client/emitter.ts";
export type { ClientEvents } from "./client/events.ts";
export type { AckMode, HandlerErrorPolicy, MessageHandler, Overflow } from "./client/inbox.ts";
export { Message, type AcknowledgeOptions } from "./client/message.ts";
export type { OutgoingMessage } from "./client/message-sink.ts";
export type { Patience } from "./client/operations.ts";
export type { PublishOptions, PublishResult } from "./client/publish-options.ts";
export type { RequestOptions } from "./client/requester.ts";
export type { Reply, RequestHandler } from "./client/responder.ts";
export type { FilterList, FilterOptions, FilterWithOptions, SubscribeOptions } from "./client/subscribe-options.ts";
export type { UnsubscribeResult } from "./client/subscriber.ts";
export { Subscription } from "./client/subscription.ts";
export { topicPattern, type ParamsOf, type TopicParams, type TopicPattern } from "./client/topic-pattern.ts";
export type { ConnectionInfo, Duplex } from "./duplex.ts";
export type { Environment } from "./environment.ts";
export * from "./errors.ts";
export type { LogEntry, LogLevel } from "./log-entry.ts";
export type {
  BlobPayload,
  ConnectOptions,
  ConnectTarget,
  Credentials,
  EngineOptions,
  MessageProperties,
  OfflineQueueOptions,
  Payload,
  ReconnectOptions,
  RedirectOptions,
  RetryContext,
  UserProperties,
  WillOptions,
} from "./options.ts";
export { unixPath } from "./unix-path.ts";
export type { SessionEvent } from "./session/events.ts";
export type { Server } from "./session/server.ts";
export { Session } from "./session/session.ts";
export type { ConnectRequest, SessionOptions } from "./session/session-options.ts";
export type { InflightMessage, Stage } from "./session/exchanges.ts";
export type { Statistics } from "./statistics.ts";
export {
  MemorySessionStore,
  type IncomingRecord,
  type OutgoingRecord,
  type SessionChange,
  type SessionRecord,
  type SessionSnapshot,
  type SessionStore,
  type SubscriptionRecord,
} from "./session-store.ts";
export type {
  AuthoritySource,
  CertificateInfo,
  CertificateProblem,
  CertificateProblemCode,
  FileSource,
  KeyFormat,
  RevocationCheck,
  ServerAuthentication,
  TlsInfo,
  TlsOptions,
  TlsSource,
  TlsVersion,
} from "./tls.ts";
export type {
  Milestone,
  ProxyOptions,
  SocketKeepAliveOptions,
  SocketOptions,
  TransferRateOptions,
  Transport,
  TransportContext,
  TransportOptions,
  TransportTarget,
  WebSocketOptions,
} from "./transport.ts";
export type { Answer, Exchange, Outgoing, Request } from "./session/exchanges.ts";
export type { QueueLimits } from "./session/message-queue.ts";
export type { Acknowledgement, IncomingExchange } from "./session/exchanges.ts";
