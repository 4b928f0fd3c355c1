import { Broker } from "../broker/broker.ts";
import type { BrokerObserver } from "../broker/observer.ts";
import { generous, type BrokerSettings } from "../broker/settings.ts";
import { Chance } from "../chance.ts";
import { Clock } from "../clock.ts";
import type { Target, TargetConnection, TargetPeer } from "./script.ts";

/** The model broker, set up as mosquitto is, where the specification leaves a choice. */
export class ModelTarget implements Target {
  /** What clients did that they must not, by clause. */
  readonly violations: string[] = [];
  readonly #clock = new Clock(new Chance(1));
  readonly #broker: Broker;

  constructor(settings: Partial<BrokerSettings> = {}) {
    this.#broker = new Broker({ ...generous, ...settings }, this.#observer(), {
      now: () => this.#clock.now(),
      after: (delayMs, callback) => {
        const due = this.#clock.after(delayMs, callback);
        return () => {
          due.callback = undefined;
        };
      },
    });
  }

  open(peer: TargetPeer): Promise<TargetConnection> {
    const connection = this.#broker.accept({ send: (bytes) => peer.received(bytes), close: () => peer.closed() });
    return Promise.resolve({ send: (bytes) => connection.receive(bytes), drop: () => connection.closed() });
  }

  wait(delayMs: number): Promise<void> {
    return this.#clock.runUntil(this.#clock.now() + delayMs);
  }

  async rest(): Promise<void> {
    await this.#clock.step(this.#clock.now());
  }

  #observer(): BrokerObserver {
    const nothing = (): void => undefined;
    return {
      violation: (_client, clause) => this.violations.push(clause),
      ...{ connected: nothing, sessionOver: nothing, received: nothing, accepted: nothing, refused: nothing },
      ...{ routed: nothing, dropped: nothing, completed: nothing, will: nothing, situation: nothing },
    };
  }
}
