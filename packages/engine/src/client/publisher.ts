import type { QoS } from "@rivulet/codec";
import { Deferred, handled, ignore } from "../deferred.ts";
import { ClosedError, InvalidOptionError, NotConnectedError, PublishError } from "../errors.ts";
import { isBlob, readBlob } from "../message-options.ts";
import type { BlobPayload, Payload } from "../options.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import type { Outgoing } from "../session/exchanges.ts";
import type { JournalEntry } from "../session/journal.ts";
import { keyOf } from "../session/outgoing-records.ts";
import type { Emitter } from "./emitter.ts";
import type { ClientEvents } from "./events.ts";
import type { Link } from "./link.ts";
import { giveUpWhen, Operation } from "./operations.ts";
import { publishedAtMostOnce, publishPacket, publishResult } from "./publish-options.ts";
import type { PublishOptions, PublishResult } from "./publish-options.ts";

/** What a Publisher shares with its client. */
export interface PublisherParts {
  readonly emitter: Emitter<ClientEvents>;
  readonly options: ResolvedOptions;
  /** Tells of an error that belongs to no call. */
  readonly report: (error: unknown) => void;
}

/** Publishes for one client. */
export class Publisher {
  readonly #link: Link;
  readonly #parts: PublisherParts;
  #wasReadyToSend = true;
  /** Messages that are to be stored, each with whoever waits for that; made with the first of them. */
  #unstored: Map<Outgoing<Operation>, () => void> | undefined;

  constructor(link: Link, parts: PublisherParts) {
    this.#link = link;
    this.#parts = parts;
  }

  /** As `MqttClient.readyToSend`. */
  get isReadyToSend(): boolean {
    return this.#link.state.name === "connected" && this.#link.session.isReadyToSend;
  }

  /** As `MqttClient.publish`. */
  publish(topic: string, payload: Payload | BlobPayload, options: PublishOptions): Promise<PublishResult> {
    try {
      options.signal?.throwIfAborted();
      this.#check(options);
      if (isBlob(payload)) return handled(this.#publishBlob(topic, payload, options));
      const { session } = this.#link;
      const packet = publishPacket(topic, payload, { options, version: session.version });
      // Its record outlives the call, and the bytes are the caller's again when that is over.
      if (this.#parts.options.session !== undefined) packet.payload = new Uint8Array(packet.payload);
      const exchange = session.publish(packet);
      this.#link.flush();
      this.#wasReadyToSend &&= session.isReadyToSend;
      const isPatient = options.signal === undefined && options.timeoutMs === undefined;
      if (exchange === undefined && isPatient) return this.#batched();
      const operation = new Operation<PublishResult>(publishResult, topic);
      if (exchange === undefined) this.batched(operation as Operation);
      else exchange.context = operation as Operation;
      const isPlain = options.until === undefined || options.until === "acknowledged";
      return isPatient && isPlain ? operation.promise : this.#wait(operation, exchange, options);
    } catch (error) {
      return handled(Promise.reject(error));
    }
  }

  // What has closures stands apart from `publish`: each of its calls would make room for what they capture.

  async #publishBlob(topic: string, payload: BlobPayload, options: PublishOptions): Promise<PublishResult> {
    return this.publish(topic, await readBlob(payload), options);
  }

  #wait(
    operation: Operation<PublishResult>,
    exchange: Outgoing<Operation> | undefined,
    { signal, timeoutMs, until }: PublishOptions,
  ): Promise<PublishResult> {
    let { promise } = operation;
    if (exchange !== undefined && until === "stored") promise = this.#untilStored(exchange, operation);
    if (exchange !== undefined && until === "sent") this.#untilSent(exchange, operation);
    giveUpWhen({ signal, timeoutMs, what: "publish" }, promise, this.#parts.options.environment, (reason) => {
      if (exchange !== undefined) {
        this.#link.session.cancel(exchange);
        this.#link.flush(); // So that it leaves the store too.
      }
      operation.reject(reason);
    });
    return promise;
  }

  /** A message that had to wait is in the batch that gathers now. */
  batched(operation: Operation): void {
    // What is lost with the connection is sent again.
    if (operation.sent) this.#batched().then(operation.sent, ignore);
    else this.#batched().then(operation.resolve, operation.reject);
  }

  /** The transport has taken a batch. */
  written(): void {
    if (this.#wasReadyToSend || !this.isReadyToSend) return;
    this.#wasReadyToSend = true;
    this.#parts.emitter.emit("readyToSend", { bufferedBytes: this.#link.session.bufferedBytes });
  }

  /** The store has these changes. */
  stored(entries: readonly JournalEntry[]): void {
    // A message gets another place, and with it another key, when what the store had of the Session comes before it.
    const waiting = new Map([...(this.#unstored?.keys() ?? [])].map((exchange) => [keyOf(exchange), exchange]));
    for (const { isNew, key, record } of entries) {
      if (!isNew || record === undefined || !("packet" in record) || record.packet === undefined) continue;
      const { topicName: topic, qos, packetIdentifier: packetId } = record.packet;
      this.#parts.emitter.emit("messageStored", { topic, qos, packetId });
      const exchange = waiting.get(key);
      if (exchange === undefined) continue;
      this.#unstored?.get(exchange)?.();
      this.#unstored?.delete(exchange);
    }
  }

  #check({ qos = 0, until }: { readonly qos?: QoS | undefined; readonly until?: unknown }): void {
    const { name } = this.#link.state;
    const { offlineQueue, session } = this.#parts.options;
    if (name === "closed" || name === "disconnecting") throw new ClosedError();
    if (until === "stored" && session === undefined) {
      throw new InvalidOptionError("until", "Without a session store no message is ever stored");
    }
    if (name === "connected") return;
    if (offlineQueue === false || (qos === 0 && offlineQueue?.qos0 === "drop")) throw new NotConnectedError();
  }

  /** Settles when the store has a message, or it has failed before; what becomes of it afterwards is nobody's call. */
  #untilStored(exchange: Outgoing<Operation>, operation: Operation<PublishResult>): Promise<PublishResult> {
    const { promise, resolve, reject } = new Deferred<PublishResult>();
    let isEarly = true;
    (this.#unstored ??= new Map<Outgoing<Operation>, () => void>()).set(exchange, () => {
      isEarly = false;
      resolve({ ...publishedAtMostOnce, packetId: exchange.packet.packetIdentifier });
    });
    const ended = (): void => {
      this.#unstored?.delete(exchange);
    };
    operation.promise.then(resolve, (error: unknown) => {
      if (!isEarly) this.#failedLate(error);
      reject(error);
    });
    operation.promise.then(ended, ended);
    return promise;
  }

  /** Has an operation settle when the transport has its message; the same afterwards. At QoS 0 it does so anyway. */
  #untilSent(exchange: Outgoing<Operation>, operation: Operation<PublishResult>): void {
    const { packet } = exchange;
    if (packet.qos === 0) return;
    const { reject } = operation;
    let isSent = false;
    operation.sent = () => {
      isSent = true;
      const { reasonCode, reasonString, userProperties } = publishedAtMostOnce;
      operation.resolve({ packetId: packet.packetIdentifier, reasonCode, reasonString, userProperties });
    };
    operation.reject = (error) => {
      // Its answer may come before the transport has said that it has taken it.
      if (error instanceof PublishError) operation.sent?.();
      if (isSent) this.#failedLate(error);
      else reject(error);
    };
    exchange.tellsSent = true;
    if (exchange.awaits !== undefined) this.batched(operation as Operation);
  }

  /** Nobody waits any more. What a client has not seen through when it is closed, the store keeps for the next. */
  #failedLate(error: unknown): void {
    if (this.#link.state.name !== "closed") this.#parts.report(error);
  }

  /** Settles when the transport has taken the batch that gathers now. */
  #batched(): Promise<PublishResult> {
    // What is in a batch has a connection.
    return (this.#link.connection as NonNullable<Link["connection"]>).taken();
  }
}
