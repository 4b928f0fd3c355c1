/**
 * The page's connection: one client at a time, and what the page says of it.
 *
 *   idle -> connecting -> connected <-> reconnecting
 *               |             |              |
 *               v             v              v
 *             failed    disconnecting      failed
 *
 * A connection that is lost is the client's to make again, and the subscriptions with it; the page only shows how that
 * goes. Whatever still comes of a client that was overtaken by another command is ignored.
 */

const connectTimeoutMs = 10_000;
/** Somebody is watching. */
const longestDelayMs = 5_000;

/**
 * @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "disconnecting" | "failed"} StateName
 * @typedef {import("rivulet").MqttClient} MqttClient
 * @typedef {import("rivulet").Message} Message
 * @typedef {import("./target.js").Target & { versions: (5 | 4)[] }} Address
 *
 * What there is to say of a state: why it came to it, and when the next attempt to connect is made.
 * @typedef {{ reason?: string, next?: { attempt: number, delayMs: number } }} StateDetail
 *
 * @typedef {object} SubscriptionEntry
 * @property {string} filter
 * @property {0 | 1 | 2} qos
 * @property {number | undefined} granted the QoS that the broker granted; undefined until it has
 * @property {number} received
 * @property {{ unsubscribe(): Promise<unknown> } | undefined} live undefined while not subscribed
 *
 * @typedef {object} Listeners
 * @property {(state: StateName, detail: StateDetail) => void} state
 * @property {(message: Message) => void} message
 * @property {() => void} subscriptions something about the subscriptions changed
 * @property {(text: string) => void} error something went wrong that nobody is waiting for
 */

export class Connection {
  /** @type {Map<string, SubscriptionEntry>} */
  #subscriptions = new Map();
  /** @type {StateName} */
  #state = "idle";
  /** @type {MqttClient | undefined} */
  #client;
  /** @type {Address | undefined} */
  #address;
  #listeners;

  /** @param {Listeners} listeners */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  get state() {
    return this.#state;
  }

  /** The client that is connected, or about to be. */
  get client() {
    return this.#client;
  }

  /** Whether the broker took an older version than the first one asked for. */
  get fellBack() {
    const client = this.#client;
    return client !== undefined && client.protocolVersion !== this.#address?.versions[0];
  }

  get subscriptions() {
    return [...this.#subscriptions.values()];
  }

  /**
   * Connects; an earlier connection is closed first.
   * @param {Address} address
   */
  async connect(address) {
    await this.#leave();
    this.#address = address;
    const client = new rivulet.MqttClient(address.url, {
      protocolVersion: address.versions,
      ...(address.username === undefined ? {} : { username: address.username }),
      ...(address.password === undefined ? {} : { password: address.password }),
      connectTimeoutMs,
      reconnect: { maxDelayMs: longestDelayMs },
    });
    this.#client = client;
    this.#listen(client);
    this.#setState("connecting");
    try {
      await client.connect();
      if (this.#client === client) await this.#restore(client);
    } catch (error) {
      this.#fail(client, this.#describe(error));
    }
  }

  /** Connects again to where it was, now. */
  async reconnect() {
    const address = this.#address;
    if (this.#state === "reconnecting")
      this.#client?.connect().catch(() => undefined); // An event says how it ends.
    else if (address !== undefined) await this.connect(address);
  }

  async disconnect() {
    if (this.#client !== undefined) this.#setState("disconnecting");
    await this.#leave();
    this.#setState("idle");
  }

  /**
   * @param {string} topic
   * @param {string} payload
   * @param {{ qos: 0 | 1 | 2, retain: boolean }} options
   */
  async publish(topic, payload, options) {
    return await this.#connected().publish(topic, payload, options);
  }

  /**
   * Subscribes. A filter that is already there gets the new QoS.
   * @param {string} filter
   * @param {0 | 1 | 2} qos
   */
  async subscribe(filter, qos) {
    const client = this.#connected();
    await this.unsubscribe(filter);
    const entry = { filter, qos, granted: undefined, received: 0, live: undefined };
    await this.#activate(client, entry);
    this.#subscriptions.set(filter, entry);
    this.#listeners.subscriptions();
  }

  /** @param {string} filter */
  async unsubscribe(filter) {
    const entry = this.#subscriptions.get(filter);
    if (entry === undefined) return;
    await entry.live?.unsubscribe();
    this.#subscriptions.delete(filter);
    this.#listeners.subscriptions();
  }

  /** @param {MqttClient} client */
  #listen(client) {
    const isCurrent = () => this.#client === client;
    let reason = "";
    client.on("connected", () => {
      if (isCurrent()) this.#setState("connected");
    });
    client.on("disconnected", ({ error, reasonString, willReconnect }) => {
      reason = reasonString ?? (error === undefined ? "The broker closed the connection" : this.#describe(error));
      if (!willReconnect) this.#fail(client, reason);
    });
    client.on("reconnecting", (next) => {
      if (isCurrent()) this.#setState("reconnecting", { reason, next });
    });
    client.on("message", ({ message }) => {
      this.#listeners.message(message);
    });
    client.on("error", ({ error }) => {
      this.#listeners.error(this.#describe(error));
    });
  }

  /**
   * Subscribes a new client to what the one before was subscribed to.
   * @param {MqttClient} client
   */
  async #restore(client) {
    for (const entry of this.#subscriptions.values()) {
      try {
        await this.#activate(client, entry);
      } catch (error) {
        this.#subscriptions.delete(entry.filter);
        this.#listeners.error(`Could not subscribe to ${entry.filter} again: ${this.#describe(error)}`);
      }
      this.#listeners.subscriptions();
    }
  }

  /**
   * @param {MqttClient} client
   * @param {SubscriptionEntry} entry
   */
  async #activate(client, entry) {
    const live = await client.subscribe(entry.filter, { qos: entry.qos }, () => {
      entry.received += 1;
    });
    entry.live = live;
    entry.granted = live.results[0]?.qos;
  }

  /**
   * An error's message, with the address in the form it may be shown in: a query may hold a token.
   * @param {unknown} error
   */
  #describe(error) {
    const { url = "", shown = "" } = this.#address ?? {};
    const text = describeError(error);
    return url === "" ? text : text.replaceAll(url, shown);
  }

  /**
   * The client has given up.
   * @param {MqttClient} client
   * @param {string} reason
   */
  #fail(client, reason) {
    if (this.#client !== client) return;
    this.#forgetClient();
    this.#setState("failed", { reason });
  }

  /** Ends whatever is going on. */
  async #leave() {
    const client = this.#client;
    if (client === undefined) return;
    this.#forgetClient();
    await client.disconnect({ timeoutMs: 2_000 }).catch(() => {
      client.close();
    });
  }

  #forgetClient() {
    this.#client = undefined;
    for (const entry of this.#subscriptions.values()) {
      entry.live = undefined;
      entry.granted = undefined;
    }
    this.#listeners.subscriptions();
  }

  #connected() {
    if (this.#client === undefined || this.#state !== "connected") throw new Error("Not connected");
    return this.#client;
  }

  /**
   * @param {StateName} state
   * @param {StateDetail} [detail]
   */
  #setState(state, detail = {}) {
    this.#state = state;
    this.#listeners.state(state, detail);
    this.#listeners.subscriptions();
  }
}

/** @param {unknown} error */
export function describeError(error) {
  return error instanceof Error ? error.message : String(error);
}
