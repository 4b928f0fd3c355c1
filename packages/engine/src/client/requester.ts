import { validateTopicName, type ProtocolVersion } from "@rivulet/codec";
import { Deferred } from "../deferred.ts";
import { ClosedError, UnsupportedError, type MqttError } from "../errors.ts";
import { payloadBytes } from "../message-options.ts";
import { positive, readOptions } from "../option-rules.ts";
import type { BlobPayload, Payload } from "../options.ts";
import { randomClientId, type ResolvedOptions } from "../resolve-options.ts";
import type { Server } from "../session/server.ts";
import type { MessageHandler } from "./inbox.ts";
import type { Message } from "./message.ts";
import { giveUpWhen } from "./operations.ts";
import type { PublishOptions } from "./publish-options.ts";

/** Options of `request`. Its Correlation Data is the client's own. */
export interface RequestOptions extends Omit<PublishOptions, "correlationData"> {
  /**
   * The topic that the response is expected on. The client subscribes to it when it is first used, and stays so until
   * it is closed, or until `unsubscribe`.
   *
   * Default: a topic that nobody can guess and that all requests of the client share, below the server's Response
   * Information where it gave any (`requestResponseInformation`), else below `responses/{clientId}`. It is another one
   * in each process: where the Session outlives the process, give a topic that stays the same, or the server goes on
   * to keep what came too late for the process before.
   */
  readonly responseTopic?: string | undefined;
  /** Stop waiting for the response. A request that has not been sent is not sent then. */
  readonly signal?: AbortSignal | undefined;
  /** The same after a time, in ms, counted from sending. Default: the client's `operationTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/** What a Requester needs of its client. */
export interface RequesterHost {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly server: Server | undefined;
  publish(topic: string, payload: Payload | BlobPayload, options: PublishOptions): Promise<unknown>;
  subscribe(filter: string, options: { readonly qos: 1 }, handler: MessageHandler): Promise<unknown>;
  on(name: "unsubscribed", listener: (event: { readonly filters: readonly string[] }) => void): unknown;
}

/** What it shares with its client. */
export interface RequesterParts {
  readonly options: ResolvedOptions;
  readonly subscriber: { whenConnected(signal: AbortSignal | undefined): Promise<void> };
}

const timeoutRules = { timeoutMs: positive };
const decoder = new TextDecoder();

// Theory of operation
//
// A request is a message with a Response Topic and Correlation Data (section 4.10); its response comes as a message to
// the one with the other. All requests share one subscription to a Response Topic, made before the first is sent. The
// Correlation Data is a word that no other process has, and a number: a response that is late, repeated, or meant for
// somebody else answers nothing, and is acknowledged like any message.

/** Sends the requests of one client, and finds the responses. */
export class Requester {
  readonly #client: RequesterHost;
  readonly #parts: RequesterParts;
  readonly #word: string;
  #count = 0;
  /** Requests without response, by their Correlation Data. */
  readonly #pending = new Map<string, Deferred<Message>>();
  /** Response Topics that are subscribed to, or about to be. */
  readonly #topics = new Map<string, Promise<unknown>>();

  constructor(client: RequesterHost, parts: RequesterParts) {
    this.#client = client;
    this.#parts = parts;
    this.#word = randomClientId(parts.options);
    client.on("unsubscribed", ({ filters }) => {
      this.forget(filters);
    });
  }

  /** Resolves when there is a connection with requests and responses. */
  async whenReady(signal: AbortSignal | undefined): Promise<void> {
    await this.#parts.subscriber.whenConnected(signal);
    if (this.#client.protocolVersion < 5) throw new UnsupportedError("request", "Requests and responses need MQTT 5.0");
  }

  /** As `MqttClient.request`. */
  async request(topic: string, payload: Payload | BlobPayload, options: RequestOptions): Promise<Message> {
    const { environment, operationTimeoutMs } = this.#parts.options;
    const { signal, timeoutMs = operationTimeoutMs } = options;
    readOptions({ timeoutMs }, timeoutRules);
    await this.whenReady(signal);
    const response = new Deferred<Message>();
    const correlation = `${this.#word}-${String((this.#count += 1))}`;
    this.#pending.set(correlation, response);
    giveUpWhen({ signal, what: "request" }, response.promise, environment, response.reject);
    const send = async (): Promise<void> => {
      const { responseTopic = this.#ownTopic } = options;
      await this.#listen(responseTopic);
      if (!this.#pending.has(correlation)) return;
      giveUpWhen({ timeoutMs, what: "request" }, response.promise, environment, response.reject);
      const correlationData = payloadBytes(correlation);
      await this.#client.publish(topic, payload, { ...options, timeoutMs, responseTopic, correlationData });
    };
    send().catch(response.reject);
    try {
      return await response.promise;
    } finally {
      this.#pending.delete(correlation);
    }
  }

  /** These are not subscribed to any more. */
  forget(filters: readonly string[]): void {
    for (const filter of filters) this.#topics.delete(filter);
  }

  /** The client is closed. */
  closed(cause: MqttError | undefined): void {
    for (const { reject } of this.#pending.values()) reject(new ClosedError(undefined, { cause }));
    this.#topics.clear();
  }

  get #ownTopic(): string {
    const { server, clientId } = this.#client;
    const base = server?.responseInformation ?? `responses/${encodeURIComponent(clientId)}`;
    return `${base.replace(/\/$/, "")}/${this.#word}`;
  }

  /** Sees to it that responses come. */
  async #listen(topic: string): Promise<void> {
    let subscribing = this.#topics.get(topic);
    if (subscribing === undefined) {
      validateTopicName(topic); // [MQTT-3.3.2-14]
      // A response that comes twice does no harm.
      subscribing = this.#client.subscribe(topic, { qos: 1 }, (message) => {
        this.#pending.get(decoder.decode(message.correlationData))?.resolve(message);
      });
      this.#topics.set(topic, subscribing);
      subscribing.catch(() => this.#topics.delete(topic));
    }
    await subscribing;
  }
}
