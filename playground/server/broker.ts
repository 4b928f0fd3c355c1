/** A broker that the demo started, on loopback, on ports of its own. */
export interface Broker {
  /** Name and version, as `mosquitto 2.0.11`. */
  readonly name: string;
  /** What it speaks, for people: `MQTT 5.0 and 3.1.1`. */
  readonly speaks: string;
  readonly tcpUrl: string;
  readonly webSocketUrl: string;
  /** The broker's process; `undefined` for an embedded broker. */
  readonly pid: number | undefined;
  /** Resolves with the reason if the broker stops without having been asked to. Otherwise it stays pending. */
  readonly died: Promise<Error>;
  /** Stops the broker and resolves when nothing of it is left. */
  stop(): Promise<void>;
}
