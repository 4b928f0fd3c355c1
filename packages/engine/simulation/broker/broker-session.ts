import type { PublishPacket, TopicSubscription } from "@rivulet/codec";
import { Incoming } from "./incoming.ts";
import type { Line } from "./line.ts";
import type { BrokerObserver, BrokerTime } from "./observer.ts";
import { Outgoing } from "./outgoing.ts";
import type { BrokerSettings } from "./settings.ts";

/** A subscription of one Session (section 4.8). */
export interface BrokerSubscription extends TopicSubscription {
  readonly identifier: number | undefined;
}

/** What a Session needs of its broker. */
export interface SessionHost {
  readonly settings: BrokerSettings;
  readonly observer: BrokerObserver;
  readonly time: BrokerTime;
  readonly publish: (packet: PublishPacket, publisher: string) => boolean;
}

/** What a broker keeps of a client (section 4.1), from one connection to the next. */
export class BrokerSession {
  readonly clientIdentifier: string;
  readonly subscriptions: Map<string, BrokerSubscription> = new Map();
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  /** The connection that it has now, as the token of whoever owns it. */
  #line: Line | undefined;
  /** How long it outlives its connection, in ms. */
  expiryMs = 0;
  /** Whether its client has shown that it knows of it: until then its CONNACK may have been lost. */
  isKnown = false;
  /** Calls off its end. */
  keep: (() => void) | undefined;

  constructor(clientIdentifier: string, { settings, observer, time, publish }: SessionHost) {
    this.clientIdentifier = clientIdentifier;
    this.incoming = new Incoming({
      settings,
      observer,
      clientIdentifier,
      isKnown: () => this.isKnown,
      publish: (packet) => {
        observer.accepted(clientIdentifier, packet);
        return publish(packet, clientIdentifier);
      },
    });
    this.outgoing = new Outgoing({ settings, observer, time, clientIdentifier });
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  connected(line: Line): void {
    this.#line = line;
    this.keep?.();
    this.keep = undefined;
    this.outgoing.connected(line);
  }

  disconnected(): void {
    this.#line = undefined;
    this.incoming.disconnected();
    this.outgoing.disconnected();
  }
}
