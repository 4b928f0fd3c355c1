import type { PublishPacket } from "@rivulet/codec";
import { SubscribeError, type MqttClient, type SubscribeResult } from "rivulet";
import { noCertificates, type Certificates } from "./certificates/certificates.ts";
import { Connection } from "./connection.ts";
import type { Core, Phase } from "./core.ts";
import { toMQTTError } from "./errors/to-mqtt-error.ts";
import { fromServer, Messages } from "./messages/messages.ts";
import { MQTTError } from "./mqtt-error.ts";
import { disconnectOptions, publishOptions, subscribeOptions } from "./options/message-options.ts";
import { connectSeconds, Waiting } from "./patience.ts";
import type { Platform } from "./platform.ts";
import { ConnectProperties } from "./properties/connect-properties.ts";
import { Received } from "./received.ts";
import { SavedSession } from "./saved-session.ts";
import { Sending, type Endurance } from "./sending.ts";
import { config } from "./settings/config.ts";
import { Settings } from "./settings/settings.ts";
import { splitFilters } from "./settings/topic-lists.ts";

// Theory of operation
//
// An object is a face: properties and `config` write Settings, `connect` makes an MqttClient of them, and what that
// client tells becomes events. The Connection has the client; Messages lists what is under way; Waiting is what methods
// wait for. The file has the methods; the properties stand in the classes that it extends, a file for each topic.

/** The longest that messages under way are waited for before the connection is closed, in seconds. */
const disconnectPatience = 10;

/**
 * An MQTT client as a component: properties are set, `connect` connects, and events tell what happens. The package for
 * each platform has a class `MQTT` of its own, which differs in nothing but what it stands on.
 *
 * Methods that wait return promises, which reject with MQTTError. What is set wrong throws MQTTError at once.
 *
 * @example
 * ```ts
 * import { MQTT } from "@rivulet/component";
 *
 * const mqtt = new MQTT();
 * mqtt.onMessageIn = ({ topic, message }) => {
 *   console.log(topic, new TextDecoder().decode(message)); // => home/kitchen/door open
 *   void mqtt.disconnect();
 * };
 * await mqtt.connectTo("ws://127.0.0.1:8080/mqtt", 8080); // or, but for browsers, "broker.example" and 1883
 * await mqtt.subscribe("home/#", 1);
 * await mqtt.publishMessage("home/kitchen/door", 1, "open");
 * ```
 */
export abstract class BasicMQTT extends ConnectProperties {
  protected readonly core: MutableCore;
  readonly #connection: Connection;
  readonly #session: SavedSession;
  readonly #waiting: Waiting = new Waiting();
  readonly #sending: Sending = new Sending(this.#waiting, () => this.#endurance());
  #isReporting = false;

  protected constructor(platform: Platform) {
    super((error) => {
      this.#report(error);
    });
    const emit = this.emitter;
    // Others may have come before its turn to be told of.
    const about = ({ properties }: PublishPacket): void => {
      this.core.received.userProperties = properties?.userProperties ?? [];
    };
    const messages = new Messages({
      messageAck: (event, packet) => {
        if (event.direction === fromServer) about(packet);
        emit.emit("messageAck", event);
      },
      messageIn: (event, packet) => {
        about(packet);
        emit.emit("messageIn", event);
      },
      messageOut: (event) => emit.emit("messageOut", event),
      has: (name) => emit.has(name),
    });
    const phase = (): Phase => this.#connection.phase;
    const client = (): MqttClient | undefined => this.#connection.client;
    this.core = {
      platform,
      settings: new Settings(),
      certificates: noCertificates(platform),
      received: new Received(),
      messages,
      get phase() {
        return phase();
      },
      get client() {
        return client();
      },
      report: (error) => {
        this.#report(error);
      },
      log: (logLevel, logType, message) => {
        if (logLevel <= this.core.settings.logLevel) emit.emit("log", { logLevel, message, logType });
      },
    };
    this.#session = new SavedSession(this.core);
    this.#connection = new Connection(this.core, emit, this.#session);
  }

  /**
   * Whether there is a connection. True begins to connect, and false to disconnect; neither waits, and the events
   * `connected` and `disconnected` tell what has come of it.
   */
  get connected(): boolean {
    return this.#connection.phase === "connected";
  }
  set connected(value: boolean) {
    const done = value ? this.connect() : this.disconnect();
    done.catch((error: unknown) => {
      const { code } = toMQTTError(error);
      // The event `connected` has told of a connection that failed; of a call that makes no sense, nobody has.
      if (value ? [104, 143, 1105].includes(code) : code !== 301) this.#report(error);
    });
  }

  /** Whether a message would be sent at once. False without a connection, and after a message would have had to wait. */
  get readyToSend(): boolean {
    return this.connected && !this.#connection.isBlocked;
  }

  /**
   * Reads a configuration setting (`"LogLevel"`), or sets it (`"LogLevel=2"`) and returns "". The case of names does not
   * matter. Booleans are `True`, `False`, `1`, `0`, `Yes` or `No`.
   *
   * @throws MQTTError 10022 for a setting that does not exist or a value that makes no sense, 211 for one that can only be
   * read, others as each setting has them.
   */
  config(configurationString: string): string {
    return config(this.core, configurationString);
  }

  /**
   * Connects to `remoteHost` and `remotePort`; resolves when the server has accepted, with a `timeout` of 0 at once. The
   * event `connected` tells of success and of failure.
   *
   * @throws (as a rejection) MQTTError 104 or 1105 when there is a connection or one is being made, 143 while one is
   * being closed, 201 when it took too long, 301 when it was interrupted; TCP/IP, SSL and HTTP codes when the server
   * cannot be reached; 500 when it refused.
   */
  async connect(): Promise<void> {
    const { done, abort } = this.#connection.open();
    const { settings } = this.core;
    const patience = { ...this.#endurance(), seconds: connectSeconds(settings), giveUp: abort };
    const waiting = this.#waiting.until(done, patience);
    // The event tells how it ends.
    if (settings.timeout === 0) waiting.catch(() => undefined);
    else await waiting;
  }

  /** Sets `remoteHost` and `remotePort`, and connects: see `connect`. */
  async connectTo(host: string, port: number): Promise<void> {
    this.remoteHost = host;
    this.remotePort = port;
    await this.connect();
  }

  /**
   * Disconnects with a DISCONNECT, so that the server does not publish the will. What is under way is waited for, since
   * some servers drop a message at QoS 2 that is not complete: for `timeout` seconds, and for 10 s, at most; with a
   * `timeout` of 0 it is not. What is left then is what `saveSession` saves. Without a connection it does nothing.
   *
   * @throws (as a rejection) MQTTError 301 when it was interrupted, 10022 for properties that cannot be sent: the
   * connection stays then.
   */
  async disconnect(): Promise<void> {
    const { client, phase } = this.#connection;
    if (client === undefined || phase === "idle") return;
    if (phase === "connecting" || phase === "reconnecting") {
      this.#connection.abort(new MQTTError(301, { detail: "It was disconnected" }));
      return;
    }
    const { settings } = this.core;
    const abort = this.#connection.aborter;
    const ending = this.#connection.close(
      disconnectOptions(settings, Math.min(settings.timeout, disconnectPatience) * 1000),
    );
    if (settings.timeout === 0) {
      ending.catch((error: unknown) => {
        this.#report(error);
      });
      return;
    }
    const patience = { ...this.#endurance(), seconds: 0, giveUp: abort }; // The client counts.
    await this.#waiting.until(ending, patience);
  }

  /** Lets what has happened meanwhile be told: resolves when pending events have been handled. */
  async doEvents(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
  }

  /** Ends the connection at once; every method that waits rejects with MQTTError 301 of the group HTTP. */
  interrupt(): void {
    const reason = new MQTTError(301, { group: "HTTP" });
    // What a listener begins meanwhile goes on.
    const abort = this.#connection.aborter;
    this.#waiting.interrupt(reason);
    abort(reason);
  }

  /**
   * Publishes bytes. Resolves when they have been handed to the transport; the event `messageOut` tells at QoS 1 and 2
   * that the server has them. With a `timeout` of 0 it does not wait.
   *
   * @throws (as a rejection) MQTTError 1117 without a connection, 502 for a topic and 505 for a QoS that is none, 135
   * when it does not wait and the message has to (it is sent as soon as that is possible, and `readyToSend` tells), 201
   * when it took too long, 500 for what the server does not do.
   */
  publishData(topic: string, qos: number, data: Uint8Array): Promise<void> {
    return this.#publish(topic, qos, data);
  }

  /** Publishes a text, as UTF-8: see `publishData`. */
  publishMessage(topic: string, qos: number, message: string): Promise<void> {
    return this.#publish(topic, qos, message);
  }

  /** Sets all properties and settings to their defaults. A connection ends at once; handlers of events stay. */
  reset(): void {
    this.interrupt();
    this.#connection.forget(new MQTTError(301, { group: "HTTP" })); // With what a listener has begun.
    this.#session.clear();
    this.core.settings = new Settings();
    this.core.certificates = noCertificates(this.core.platform);
    this.core.received = new Received();
    this.core.messages.clear();
  }

  /**
   * Takes up what `saveSession` has saved, or, where `SessionStateFile` is set, what that file has; `cleanSession` becomes
   * false. To be called before `connect`, or by a handler of `connected`.
   *
   * @throws MQTTError 302 when the file cannot be read, 500 for what is no saved session, for that of another client, and
   * when messages are under way, 211 while a connection is being made or closed.
   */
  restoreSession(stateData: string): void {
    try {
      this.#session.restore(stateData);
    } catch (error) {
      throw toMQTTError(error);
    }
  }

  /**
   * What must not be lost of the session, as text: messages under way in both directions, and subscriptions. It is
   * written to `SessionStateFile` too, where that is set.
   *
   * @throws MQTTError 302 when the file cannot be written.
   */
  saveSession(): string {
    return this.#session.save();
  }

  /**
   * Subscribes to Topic Filters, with `TopicDelimiter` between them. Resolves when the server has answered, also
   * where it refused: the event `subscribed` tells it for each. With a `timeout` of 0 it does not wait.
   *
   * @throws (as a rejection) MQTTError 1117 without a connection, 503 for a filter and 505 for a QoS that is none, 201
   * when the server did not answer in time.
   */
  async subscribe(topicFilter: string, qos: number): Promise<void> {
    const client = this.#connectedClient();
    const { filters, options } = subscribeOptions(this.core.settings, topicFilter, qos);
    await this.#request(async (signal) => {
      let results: readonly SubscribeResult[];
      try {
        const subscription = await client.subscribe(filters, { ...options, identify: false, signal });
        if (this.#connection.client === client) this.#connection.subscriptions.add(subscription);
        ({ results } = subscription);
      } catch (error) {
        if (!(error instanceof SubscribeError)) throw error;
        ({ results } = error);
      }
      for (const { filter, qos: granted = 0, reasonCode } of results) {
        this.emitter.emit("subscribed", { topicFilter: filter, qos: granted, responseCode: reasonCode });
      }
    });
  }

  /**
   * Unsubscribes from Topic Filters, written as they were to `subscribe`. Resolves when the server has answered; the
   * event `unsubscribed` tells what. With a `timeout` of 0 it does not wait.
   *
   * @throws (as a rejection) as `subscribe`.
   */
  async unsubscribe(topicFilter: string): Promise<void> {
    const client = this.#connectedClient();
    const filters = splitFilters(topicFilter, this.core.settings.message.topicDelimiter);
    await this.#request(async (signal) => {
      const results = await client.unsubscribe(filters, { signal });
      this.#connection.subscriptions.remove(filters);
      const codes = results.map(({ reasonCode }) => reasonCode);
      const responseCode = codes.find((code) => code >= 0x80) ?? codes[0] ?? 0;
      this.emitter.emit("unsubscribed", { topicFilters: topicFilter, responseCode });
    });
  }

  // Each promise in between would cost as much as a good part of the rest.

  #publish(topic: string, qos: number, payload: string | Uint8Array): Promise<void> {
    try {
      const client = this.#connectedClient();
      const { settings } = this.core;
      const options = publishOptions(settings, qos);
      if (qos > 0) options.until = "sent";
      if (settings.timeout === 0) return this.#publishNow(client, client.publish(topic, payload, options));
      // At QoS 0, one that leaves at once cannot be called back.
      if (qos === 0 && client.readyToSend)
        return this.#sending.batched(client.publish(topic, payload, options), settings);
      const group = this.#sending.group(settings);
      options.signal = group.signal;
      return group.wait(client.publish(topic, payload, options));
    } catch (error) {
      return Promise.reject(toMQTTError(error));
    }
  }

  async #publishNow(client: MqttClient, sent: Promise<unknown>): Promise<void> {
    let isOver = false;
    const report = (error: unknown): void => {
      if (isOver) this.#report(error);
    };
    sent.catch(report);
    // What is wrong with the message is known by now.
    const failure = await settledNow(sent);
    if (failure !== undefined) throw toMQTTError(failure.error);
    isOver = true;
    if (client.readyToSend || this.#connection.client !== client) return;
    this.#connection.isBlocked = true;
    throw new MQTTError(135);
  }

  /** Asks the server for something, and waits for its answer as long as `timeout` says. */
  async #request(ask: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const done = ask(stop.signal);
    if (this.core.settings.timeout > 0) {
      const giveUp = (reason: MQTTError): void => {
        stop.abort(reason);
      };
      await this.#waiting.until(done, { ...this.#endurance(), giveUp });
      return;
    }
    let isOver = false;
    done.catch((error: unknown) => {
      if (isOver) this.#report(error);
    });
    const failure = await settledNow(done);
    if (failure !== undefined) throw toMQTTError(failure.error);
    isOver = true;
  }

  #endurance(): Endurance {
    const { timeout, socket } = this.core.settings;
    return { seconds: timeout, isAbsolute: socket.absoluteTimeout, activity: this.#connection.activity };
  }

  #connectedClient(): MqttClient {
    const { client, phase } = this.#connection;
    if (phase !== "connected" || client === undefined) throw new MQTTError(1117);
    return client;
  }

  /** An error that belongs to no call. One that comes of a handler for errors has nowhere to go. */
  #report(error: unknown): void {
    if (this.#isReporting) return;
    this.#isReporting = true;
    const { code, message } = toMQTTError(error);
    this.emitter.emit("error", { errorCode: code, description: message });
    this.#isReporting = false;
  }
}

/** `Core`, with what `reset` replaces. */
interface MutableCore extends Core {
  settings: Settings;
  certificates: Certificates;
  received: Received;
}

/** Whether it has failed already, or fails in this turn; what else becomes of it takes time. */
async function settledNow(promise: Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  let failure: { readonly error: unknown } | undefined;
  promise.catch((error: unknown) => {
    failure = { error };
  });
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  return failure;
}
