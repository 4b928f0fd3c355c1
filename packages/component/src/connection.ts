import type { ControlPacket } from "@rivulet/codec";
import { PublishError, type ClientEvents, type DisconnectOptions, type MqttClient, type RetryContext } from "rivulet";
import { formatSubject } from "./certificates/subject.ts";
import { connectionEnded, connectionReached } from "./connection-status.ts";
import type { Core, Phase } from "./core.ts";
import type { Emitter } from "./emitter.ts";
import { toMQTTError } from "./errors/to-mqtt-error.ts";
import { packetOf } from "./messages/packet-of.ts";
import { MQTTError } from "./mqtt-error.ts";
import { connectOptions } from "./options/message-options.ts";
import { encodedCertificates, tlsOptions } from "./options/tls-options.ts";
import { readServer } from "./options/server-url.ts";
import { transportOptions } from "./options/transport-options.ts";
import type { SavedSession } from "./saved-session.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Log levels of `MqttClient` by the numbers of `LogLevels`. */
const levels = { info: 1, verbose: 2, debug: 3 } as const;
/** Its types by those of the event. TLS has an event of its own. */
const types = { info: "Info", packet: "Packet", reconnect: "Reconnect", session: "Session", tls: "Info" } as const;

const ok = { statusCode: 0, description: "OK" };

// Theory of operation
//
// Each `connect` makes a client of its own, since any setting may have changed since the last; what must not be lost of
// the Session goes from one to the next as a snapshot. While a client is not the current one any more, nothing that it
// tells is heard. The client acknowledges a message when its listeners have returned, which here is on receipt: the lists
// of messages follow the packets from there.

/** An attempt to connect. */
interface Attempt {
  /** Why we have ended it ourselves. */
  endedFor: MQTTError | undefined;
}

/** The connection of one object, from one client to the next. */
export class Connection {
  phase: Phase = "idle";
  client: MqttClient | undefined;
  #attempt: Attempt = { endedFor: undefined };
  /** Whether a message could not be sent at once, and none has been told since that it could. */
  isBlocked = false;
  readonly subscriptions: Subscriptions = new Subscriptions();
  readonly #core: Core;
  readonly #emitter: Emitter;
  readonly #session: SavedSession;

  constructor(core: Core, emitter: Emitter, session: SavedSession) {
    this.#core = core;
    this.#emitter = emitter;
    this.#session = session;
  }

  /** Bytes sent and received by this client until now. */
  readonly activity = (): number => {
    const { bytesSent = 0, bytesReceived = 0 } = this.client?.stats ?? {};
    return bytesSent + bytesReceived;
  };

  /**
   * Begins to connect; resolves when the server has accepted, and rejects when it has not. The event `connected` tells of
   * either, also of what is wrong with the settings.
   *
   * @throws MQTTError 104, 1105 or 143 where it cannot begin.
   */
  open(): Promise<void> {
    const { phase } = this;
    if (phase === "connected") throw new MQTTError(104);
    if (phase === "disconnecting") throw new MQTTError(143, { detail: "The connection before is being closed" });
    if (phase !== "idle") throw new MQTTError(1105);
    this.phase = "connecting";
    this.#attempt = { endedFor: undefined };
    return this.#open(this.#attempt);
  }

  async #open(attempt: Attempt): Promise<void> {
    try {
      const client = this.#newClient();
      await client.connect();
    } catch (error) {
      const failure = attempt.endedFor ?? toMQTTError(error, { during: "connect" });
      if (this.#attempt === attempt) this.phase = "idle";
      this.#emitter.emit("connected", { statusCode: failure.code, description: failure.message });
      throw failure;
    }
  }

  /** Ends everything at once; an attempt to connect fails for this reason. */
  abort(reason: MQTTError): void {
    const { phase, client } = this;
    if (phase === "idle") return;
    // What is told of the end then is the last that is.
    if (phase === "connecting") this.#attempt.endedFor = reason;
    client?.close();
    this.phase = "idle";
  }

  /** Ends the connection with a DISCONNECT. */
  async close(options: DisconnectOptions): Promise<void> {
    this.phase = "disconnecting";
    await this.client?.disconnect(options);
  }

  /** Forgets the last client, and with it its Session. */
  forget(): void {
    this.client = undefined;
  }

  get #mayRetry(): boolean {
    return this.#core.settings.autoReconnect;
  }

  #newClient(): MqttClient {
    const core = this.#core;
    const { settings, received, messages, platform } = core;
    const previous = this.client;
    const server = readServer(core);
    const isSecure = /^(mqtts|wss):/.test(server.url);
    const options = {
      ...connectOptions(settings),
      ...transportOptions(core),
      ...(isSecure ? { tls: tlsOptions(core, server.hostname) } : {}),
      // Asked when a connection is lost, since it may have been set meanwhile.
      reconnect: { retry: ({ wouldStop, delayMs }: RetryContext) => (this.#mayRetry && !wouldStop ? delayMs : "stop") },
      logLevel: "verbose" as const, // Lines about packets are made here.
      connectTimeoutMs: Infinity,
      operationTimeoutMs: Infinity,
    };
    const client = platform.createClient(server.url, options);
    const snapshot = this.#session.forNext(previous, client.clientId);
    if (snapshot !== undefined) client.importSession(snapshot);
    else messages.lost();
    this.subscriptions.clear();
    Object.assign(received, { sessionPresent: false, connackProperties: undefined });
    Object.assign(received, { disconnectReasonCode: undefined, disconnectProperties: undefined });
    settings.clientId = client.clientId; // One that was made is kept.
    this.client = client;
    this.isBlocked = false;
    this.#listen(client);
    return client;
  }

  #listen(client: MqttClient): void {
    const on = <Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): void => {
      client.on(name, (event) => {
        if (this.client === client) listener(event);
      });
    };
    on("connected", (event) => {
      this.#connected(event);
    });
    on("disconnected", (event) => {
      this.#disconnected(event);
    });
    on("message", ({ message }) => {
      this.#core.received.userProperties = message.userProperties;
      this.#core.messages.arrived(packetOf(message));
    });
    on("packet", ({ direction, packet, bytes }) => {
      this.#packet(direction, packet, bytes);
    });
    on("connectionStatus", ({ reached }) => {
      for (const event of connectionReached(reached)) this.#emitter.emit("connectionStatus", event);
    });
    on("tlsStatus", ({ message }) => {
      this.#emitter.emit("sslStatus", { message });
    });
    on("tlsServerAuthentication", (authentication) => {
      const { certificate, reason, accept } = authentication;
      const event = {
        certEncoded: encodedCertificates(authentication, this.#core.settings.tls.includeCertChain),
        certSubject: formatSubject(certificate.subject),
        certIssuer: formatSubject(certificate.issuer),
        status: reason ?? "OK",
        accept,
      };
      this.#core.certificates.server = certificate;
      authentication.accept = this.#emitter.emit("sslServerAuthentication", event) && event.accept;
    });
    on("readyToSend", () => {
      if (!this.isBlocked) return;
      this.isBlocked = false;
      this.#emitter.emit("readyToSend", {});
    });
    on("log", ({ level, type, message }) => {
      this.#core.log(levels[level], types[type], message);
    });
    on("error", ({ error }) => {
      // Of which `messageAck` has told.
      if (!(error instanceof PublishError)) this.#core.report(error);
    });
  }

  #connected({ sessionPresent }: ClientEvents["connected"]): void {
    const { settings, messages, received, certificates } = this.#core;
    const { client } = this;
    if (client === undefined) return;
    this.phase = "connected";
    settings.clientId = client.clientId;
    received.sessionPresent = sessionPresent;
    received.tls = client.connection?.tls ?? received.tls;
    certificates.server = client.connection?.tls?.certificates[0] ?? certificates.server;
    if (!sessionPresent) messages.lost();
    this.#emitter.emit("connected", ok);
    // A listener may have ended it.
    if (this.phase === "connected") this.#emitter.emit("readyToSend", {});
  }

  #disconnected({ error, willReconnect }: ClientEvents["disconnected"]): void {
    const { phase, client } = this;
    this.phase = willReconnect ? "reconnecting" : "idle";
    const reason = error && toMQTTError(error, { during: "connected" });
    const status = reason === undefined ? ok : { statusCode: reason.code, description: reason.message };
    if (phase === "reconnecting") {
      // It has been told that the connection is gone; now no other is to be had.
      if (error !== undefined && !willReconnect) this.#core.report(error);
      return;
    }
    const ends = connectionEnded(client?.connection ?? this.#lastConnection, status);
    for (const event of ends) this.#emitter.emit("connectionStatus", event);
    this.#emitter.emit("disconnected", status);
  }

  #lastConnection: MqttClient["connection"];

  #packet(direction: "in" | "out", packet: ControlPacket, bytes: number): void {
    const { received, settings } = this.#core;
    this.#lastConnection = this.client?.connection ?? this.#lastConnection;
    if (settings.logLevel === levels.debug) {
      this.#core.log(3, "Packet", describe(direction, packet, bytes));
    }
    if (direction === "in" && packet.type === "connack") received.connackProperties = packet.properties;
    if (direction === "in" && packet.type === "disconnect") {
      received.disconnectReasonCode = packet.reasonCode;
      received.disconnectProperties = packet.properties ?? {};
    }
    if (direction === "out" && packet.type === "publish") {
      received.outgoingPacketId = packet.qos === 0 ? -1 : (packet.packetIdentifier ?? 0);
    }
    this.#core.messages.followed(direction, packet);
  }
}

/** A line for the log; never a payload. */
function describe(direction: "in" | "out", packet: ControlPacket, bytes: number): string {
  const { type, ...fields } = packet as ControlPacket & { readonly payload?: Uint8Array };
  const shown = JSON.stringify(fields, (name, value: unknown) => {
    if (name === "payload" || value instanceof Uint8Array) return `${(value as Uint8Array).length} bytes`;
    return value;
  });
  return `${type.toUpperCase()} ${direction === "in" ? "received" : "sent"}, ${bytes} bytes: ${shown}`;
}
