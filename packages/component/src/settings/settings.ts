import { MessageSettings } from "./message-settings.ts";
import { SocketSettings } from "./socket-settings.ts";
import { TlsSettings } from "./tls-settings.ts";

/** All that can be set, by properties and by `config`, with its default. Times are in seconds unless said otherwise. */
export class Settings {
  // Properties
  cleanSession = true;
  clientId = "";
  keepAliveInterval = 0;
  password = "";
  /** As it was set: a name, an address, or a URL of a WebSocket; with a `*` before it, only the proxy resolves it. */
  remoteHost = "";
  remotePort = 1883;
  timeout = 60;
  user = "";
  /** One of `MqttVersions`. */
  version = 0;
  willMessage = "";
  willTopic = "";

  // Configuration settings of MQTT
  autoReconnect = false;
  /** Undefined until it is set: then `timeout` counts, unless the default of 60 s is less. */
  connectionTimeout: number | undefined = undefined;
  logLevel = 1;
  republishInterval = 60;
  sessionStateFile = "";

  /** CONNECT, will, PUBLISH, SUBSCRIBE and DISCONNECT. */
  readonly message: MessageSettings = new MessageSettings();
  /** TCP, proxies and rates. */
  readonly socket: SocketSettings = new SocketSettings();
  readonly tls: TlsSettings = new TlsSettings();
}
