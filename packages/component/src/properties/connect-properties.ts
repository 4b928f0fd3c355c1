import { MQTTError } from "../mqtt-error.ts";
import type { Settings } from "../settings/settings.ts";
import { FirewallProperties } from "./firewall-properties.ts";

/** What goes into CONNECT, and how long methods wait. */
export abstract class ConnectProperties extends FirewallProperties {
  /**
   * Whether the server begins with an empty Session; in MQTT 5.0 this is Clean Start, and `SessionExpInterval` says how
   * long it keeps the Session. Default: true.
   *
   * @throws MQTTError 211 while connected, as all setters here but those of `timeout`, `user` and `password`.
   */
  get cleanSession(): boolean {
    return this.core.settings.cleanSession;
  }
  set cleanSession(value: boolean) {
    this.#set("cleanSession", boolean("cleanSession", value));
  }

  /** The Client Identifier. Default: "", which has one made where `cleanSession` is true, and is an error where not. */
  get clientId(): string {
    return this.core.settings.clientId;
  }
  set clientId(value: string) {
    this.#set("clientId", text("clientId", value));
  }

  /** Seconds of silence after which PINGREQ is sent, and that its answer is waited for. Default: 0, never. */
  get keepAliveInterval(): number {
    return this.core.settings.keepAliveInterval;
  }
  set keepAliveInterval(value: number) {
    this.#set("keepAliveInterval", integer("keepAliveInterval", value, 0xffff));
  }

  /** The password; one that is set while connected is for the next connection. Before MQTT 5.0 it needs a `user`. Default: "", none. */
  get password(): string {
    return this.core.settings.password;
  }
  set password(value: string) {
    this.core.settings.password = text("password", value);
  }

  /**
   * Seconds that methods wait for, counted from the last byte that came or went unless `AbsoluteTimeout` is set; 0: they do
   * not wait. Default: 60.
   */
  get timeout(): number {
    return this.core.settings.timeout;
  }
  set timeout(value: number) {
    this.core.settings.timeout = integer("timeout", value, 0x7fff_ffff);
  }

  /** The user name; one that is set while connected is for the next connection. Default: "", none. */
  get user(): string {
    return this.core.settings.user;
  }
  set user(value: string) {
    this.core.settings.user = text("user", value);
  }

  /** One of `MqttVersions`. Default: 0, MQTT 3.1.1. */
  get version(): number {
    return this.core.settings.version;
  }
  set version(value: number) {
    this.#set("version", integer("version", value, 1));
  }

  /** The payload of the will, which goes to `willTopic` when the connection ends without a DISCONNECT. Default: "". */
  get willMessage(): string {
    return this.core.settings.willMessage;
  }
  set willMessage(value: string) {
    this.#set("willMessage", text("willMessage", value));
  }

  /** The topic of the will. Default: "", no will. */
  get willTopic(): string {
    return this.core.settings.willTopic;
  }
  set willTopic(value: string) {
    this.#set("willTopic", text("willTopic", value));
  }

  #set<Name extends keyof Settings>(name: Name, value: Settings[Name]): void {
    if (this.core.phase !== "idle") throw new MQTTError(211, { detail: `${name} cannot be changed while connected` });
    this.core.settings[name] = value;
  }
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new MQTTError(10022, { detail: `${name} must be a boolean, and is a ${typeof value}` });
}

function text(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new MQTTError(10022, { detail: `${name} must be a string, and is a ${typeof value}` });
}

function integer(name: string, value: unknown, maximum: number): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maximum) return value as number;
  throw new MQTTError(10022, {
    detail: `${name} must be a whole number from 0 to ${maximum}, and is ${String(value)}`,
  });
}
