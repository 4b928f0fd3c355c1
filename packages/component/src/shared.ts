// What the package offers everywhere, beside `MQTT`.
export {
  CertStoreTypes,
  FirewallTypes,
  LogLevels,
  MqttVersions,
  SslProviders,
  type CertStoreType,
  type FirewallType,
  type LogLevel,
  type MqttVersion,
  type SslProvider,
} from "./enumerations.ts";
export type { Listener, Unsubscribe } from "./emitter.ts";
export type {
  ConnectedEvent,
  ConnectionStatusEvent,
  DisconnectedEvent,
  ErrorEvent,
  LogEvent,
  MessageAckEvent,
  MessageEvent,
  MQTTEvents,
  ReadyToSendEvent,
  SslServerAuthenticationEvent,
  SslStatusEvent,
  SubscribedEvent,
  UnsubscribedEvent,
} from "./events.ts";
export { MessageStates, type ListedMessage, type MessageState } from "./messages/listed-message.ts";
export type { BasicMQTT } from "./mqtt.ts";
export { MQTTError, type ErrorGroup, type MQTTErrorOptions } from "./mqtt-error.ts";
