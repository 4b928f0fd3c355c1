import type { SubackPacket, UnsubackPacket } from "@rivulet/codec";
import { Deferred } from "../deferred.ts";
import type { Environment } from "../environment.ts";
import { PublishError, TimeoutError } from "../errors.ts";
import type { SessionEvent } from "../session/events.ts";
import { publishedAtMostOnce, type PublishResult } from "./publish-options.ts";

/** The events that tell an operation what has become of it. */
export type SettlingEvent = Extract<SessionEvent<Operation>, { type: "batched" | "published" | "answered" | "failed" }>;

/** Something that was asked of the Session, and that somebody waits for. */
export interface Operation {
  settle(event: SettlingEvent): void;
}

/** A message that was given to `publish`. */
export class PublishOperation implements Operation {
  readonly #deferred = new Deferred<PublishResult>();
  readonly #taken: () => Promise<void>;

  /** `taken` settles when the transport has taken the batch that gathers now. */
  constructor(taken: () => Promise<void>) {
    this.#taken = taken;
  }

  get promise(): Promise<PublishResult> {
    return this.#deferred.promise;
  }

  /** The message, at QoS 0, is in the batch that gathers now. */
  batched(): void {
    this.#taken().then(
      () => {
        this.#deferred.resolve(publishedAtMostOnce);
      },
      (error: unknown) => {
        this.#deferred.reject(error);
      },
    );
  }

  reject(error: unknown): void {
    this.#deferred.reject(error);
  }

  settle(event: SettlingEvent): void {
    if (event.type === "batched") this.batched();
    else if (event.type === "failed") this.#deferred.reject(event.error);
    else if (event.type === "published") this.#published(event);
  }

  #published(event: Extract<SettlingEvent, { type: "published" }>): void {
    const { reasonCode, properties } = event;
    const reasonString = properties?.reasonString;
    if (reasonCode >= 0x80) {
      this.#deferred.reject(new PublishError(event.topicName, reasonCode, { reasonString }));
      return;
    }
    const userProperties = properties?.userProperties ?? [];
    this.#deferred.resolve({ packetId: event.packetIdentifier, reasonCode, reasonString, userProperties });
  }
}

/** A SUBSCRIBE or UNSUBSCRIBE. */
export class RequestOperation implements Operation {
  readonly #deferred = new Deferred<SubackPacket | UnsubackPacket>();

  get promise(): Promise<SubackPacket | UnsubackPacket> {
    return this.#deferred.promise;
  }

  reject(error: unknown): void {
    this.#deferred.reject(error);
  }

  settle(event: SettlingEvent): void {
    if (event.type === "answered") this.#deferred.resolve(event.packet);
    else if (event.type === "failed") this.#deferred.reject(event.error);
  }
}

/** Limits of an operation's patience. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Calls `giveUp` with the reason when the signal is aborted or the time is over, unless `promise` settles before;
 * then nothing is left of it.
 */
export function giveUpWhen(
  patience: Patience & { readonly what: string },
  promise: Promise<unknown>,
  environment: Environment,
  giveUp: (reason: unknown) => void,
): void {
  const { signal, timeoutMs, what } = patience;
  if (signal === undefined && timeoutMs === undefined) return;
  const onAbort = (): void => {
    giveUp(signal?.reason);
  };
  const timer =
    timeoutMs === undefined
      ? undefined
      : environment.setTimeout(() => {
          giveUp(new TimeoutError(what, timeoutMs));
        }, timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  const cleanUp = (): void => {
    if (timer !== undefined) environment.clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  promise.then(cleanUp, cleanUp);
}
