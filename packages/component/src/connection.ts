import type { ControlPacket } from "@rivulet/codec";
import {
  PublishError,
  type ClientEvents,
  type DisconnectOptions,
  type Milestone,
  type MqttClient,
  type RetryContext,
} from "rivulet";
import { formatSubject } from "./certificates/subject.ts";
import { connectionEnded, connectionFailed, connectionReached } from "./connection-status.ts";
import type { Core, Phase } from "./core.ts";
import type { Emitter } from "./emitter.ts";
import { toMQTTError } from "./errors/to-mqtt-error.ts";
import { packetOf } from "./messages/packet-of.ts";
import { MQTTError } from "./mqtt-error.ts";
import { connectOptions } from "./options/message-options.ts";
import { connectSeconds } from "./patience.ts";
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

/**
 * What an attempt to connect is given beyond its time, while silence alone counts: it has not many more steps to be heard
 * of in between.
 */
const attemptSteps = 10;

/** An attempt to connect, and the connection that has come of it. */
interface Attempt {
  /** Why we have ended it ourselves. */
  endedFor: MQTTError | undefined;
  /** The client before: until the server has accepted the new one, the Session is there. */
  previous: MqttClient | undefined;
  /** What stands before the server has accepted, in order. */
  readonly reached: Milestone[];
  /** Whether it is to begin with another Session than that of the messages that are listed. */
  isAnew: boolean;
}

/** An attempt that has begun. */
export interface Opening {
  /** Resolves when the server has accepted, and rejects when it has not. */
  readonly done: Promise<void>;
  /** Ends it, or what has come of it, and nothing that has begun after it. */
  readonly abort: (reason: MQTTError) => void;
}

/** The connection of one object, from one client to the next. */
export class Connection {
  phase: Phase = "idle";
  client: MqttClient | undefined;
  #attempt: Attempt = newAttempt(undefined);
  /** The two ends of the connection, or of the last one: at its end the client does not know them any more. */
  #ends: MqttClient["connection"];
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
   * Begins to connect. The event `connected` tells of success and of failure, also of what is wrong with the settings.
   *
   * @throws MQTTError 104, 1105 or 143 where it cannot begin.
   */
  open(): Opening {
    const { phase } = this;
    if (phase === "connected") throw new MQTTError(104);
    if (phase === "disconnecting") throw new MQTTError(143, { detail: "The connection before is being closed" });
    if (phase !== "idle") throw new MQTTError(1105);
    this.phase = "connecting";
    const attempt = newAttempt(this.client);
    this.#attempt = attempt;
    const abort = this.aborter;
    return { done: this.#open(attempt), abort };
  }

  async #open(attempt: Attempt): Promise<void> {
    try {
      await this.#connect(attempt);
    } catch (error) {
      const failure = attempt.endedFor ?? toMQTTError(error, { during: "connect" });
      const status = { statusCode: failure.code, description: failure.message };
      this.#withdraw(attempt);
      for (const event of connectionFailed(attempt.reached, status)) this.#emitter.emit("connectionStatus", event);
      this.#emitter.emit("connected", status);
      throw failure;
    }
  }

  /** Nothing has come of an attempt. */
  #withdraw(attempt: Attempt): void {
    if (attempt !== this.#attempt) return;
    this.phase = "idle";
    this.client = attempt.previous;
  }

  /** Ends what there is now, at once; not what has begun since. */
  get aborter(): (reason: MQTTError) => void {
    const attempt = this.#attempt;
    return (reason) => {
      if (attempt === this.#attempt) this.abort(reason);
    };
  }

  /** Ends everything at once; an attempt to connect fails for this reason. */
  abort(reason: MQTTError): void {
    const { phase, client } = this;
    const attempt = this.#attempt;
    if (phase === "idle") return;
    // What is told of the end then is the last that is.
    if (phase === "connecting") {
      attempt.endedFor = reason;
      this.#withdraw(attempt);
    }
    client?.close();
    // A listener may have begun anew.
    if (attempt === this.#attempt) this.phase = "idle";
  }

  /** Ends the connection with a DISCONNECT. Where that is refused for its options, the connection stays. */
  async close(options: DisconnectOptions): Promise<void> {
    const { client } = this;
    this.phase = "disconnecting";
    try {
      await client?.disconnect(options);
    } catch (error) {
      if (this.client === client && client?.state === "connected") this.phase = "connected";
      throw error;
    }
  }

  /** Ends everything, and forgets the last client, and with it its Session. */
  forget(reason: MQTTError): void {
    this.abort(reason);
    this.client = undefined;
    this.#attempt = newAttempt(undefined);
  }

  get #mayRetry(): boolean {
    return this.#core.settings.autoReconnect;
  }

  /** Settings that make no sense are told in a later turn: a listener that connects again would call itself. */
  #connect(attempt: Attempt): Promise<void> {
    try {
      return this.#newClient(attempt).connect();
    } catch (error) {
      return new Promise((_resolve, reject) => {
        setTimeout(reject, 0, error);
      });
    }
  }

  #newClient(attempt: Attempt): MqttClient {
    const core = this.#core;
    const { settings, received, platform } = core;
    const server = readServer(core);
    const isSecure = /^(mqtts|wss):/.test(server.url);
    const options = {
      ...connectOptions(settings),
      ...transportOptions(core),
      ...(isSecure ? { tls: tlsOptions(core, server.hostname) } : {}),
      // Asked when a connection is lost, since it may have been set meanwhile.
      reconnect: { retry: ({ wouldStop, delayMs }: RetryContext) => (this.#mayRetry && !wouldStop ? delayMs : "stop") },
      logLevel: "verbose" as const, // Lines about packets are made here.
      // The first attempt has whoever waits for it to count; those that follow a loss have nobody.
      connectTimeoutMs: connectSeconds(settings) * 1000 * (settings.socket.absoluteTimeout ? 1 : attemptSteps),
      operationTimeoutMs: Infinity,
    };
    const client = platform.createClient(server.url, options);
    const snapshot = this.#session.forNext(attempt.previous, client.clientId);
    if (snapshot !== undefined) client.importSession(snapshot);
    attempt.isAnew = snapshot === undefined;
    // A listener of the log may have ended it.
    if (attempt.endedFor !== undefined) throw attempt.endedFor;
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
      if (reached !== undefined && this.phase === "connecting") this.#attempt.reached.push(reached);
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
    const attempt = this.#attempt;
    if (client === undefined) return;
    this.phase = "connected";
    this.#session.clear();
    settings.clientId = client.clientId;
    received.sessionPresent = sessionPresent;
    this.#ends = client.connection;
    received.tls = client.connection?.tls ?? received.tls;
    certificates.server = client.connection?.tls?.certificates[0] ?? certificates.server;
    const left = sessionPresent && !attempt.isAnew ? [] : messages.lost();
    Object.assign(attempt, { previous: undefined, isAnew: false });
    this.#emitter.emit("connected", ok);
    for (const packet of left) messages.handOver(packet);
    // A listener may have ended it.
    if (this.phase === "connected" && attempt === this.#attempt) this.#emitter.emit("readyToSend", {});
  }

  #disconnected({ error, willReconnect }: ClientEvents["disconnected"]): void {
    const { phase } = this;
    this.phase = willReconnect ? "reconnecting" : "idle";
    const reason = error && toMQTTError(error, { during: "connected" });
    const status = reason === undefined ? ok : { statusCode: reason.code, description: reason.message };
    if (phase === "reconnecting") {
      // It has been told that the connection is gone; now no other is to be had.
      if (error !== undefined && !willReconnect) this.#core.report(error);
      return;
    }
    const ends = connectionEnded(this.#ends, status);
    for (const event of ends) this.#emitter.emit("connectionStatus", event);
    this.#emitter.emit("disconnected", status);
  }

  #packet(direction: "in" | "out", packet: ControlPacket, bytes: number): void {
    const { received, settings, messages } = this.#core;
    if (settings.logLevel === levels.debug) {
      this.#core.log(3, "Packet", describe(direction, packet, bytes));
    }
    if (direction === "in" && packet.type === "connack") received.connackProperties = packet.properties;
    if (direction === "in" && packet.type === "disconnect") {
      received.disconnectReasonCode = packet.reasonCode;
      received.disconnectProperties = packet.properties ?? {};
    }
    if (direction === "out" && packet.type === "publish" && !messages.isSentAgain(packet)) {
      received.outgoingPacketId = packet.qos === 0 ? -1 : (packet.packetIdentifier ?? 0);
    }
    messages.followed(direction, packet);
  }
}

function newAttempt(previous: MqttClient | undefined): Attempt {
  return { endedFor: undefined, previous, reached: [], isAnew: false };
}

/** A line for the log; never a payload. */
function describe(direction: "in" | "out", packet: ControlPacket, bytes: number): string {
  const { type, ...fields } = packet;
  const shown = JSON.stringify(fields, function (this: Readonly<Record<string, unknown>>, name, value: unknown) {
    // Before it was made ready: Node's bytes show all that is in them.
    const given = this[name];
    return given instanceof Uint8Array ? `${given.length} bytes` : value;
  });
  return `${type.toUpperCase()} ${direction === "in" ? "received" : "sent"}, ${bytes} bytes: ${shown}`;
}
