/**
 * The page's connection. One machine:
 *
 *   idle -> connecting -> connected -> disconnecting -> idle
 *               |             |
 *               v             v
 *             failed <---- waiting -> connecting ...
 *
 * `waiting` comes only after a connection that had stood was lost: it tries again, later and later, and gives up after a
 * while. Everything that was subscribed to is subscribed to again. Whatever still comes of an attempt that was overtaken
 * by another command is ignored: only the latest attempt counts, and only as long as it is not `over`.
 */

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
const maximumRetries = 10;
const connectTimeoutMs = 10_000;

/**
 * @typedef {"idle" | "connecting" | "connected" | "waiting" | "disconnecting" | "failed"} StateName
 * @typedef {import("rivulet").MqttClient} MqttClient
 * @typedef {import("rivulet").Message} Message
 * @typedef {import("./target.js").Target & { versions: (5 | 4)[] }} Address
 *
 * One way from connecting to the end of the connection. `cancel` ends the wait for it or the connecting, not what stands.
 * @typedef {{ over: boolean, cancel: () => void }} Attempt
 *
 * @typedef {object} SubscriptionEntry
 * @property {string} filter
 * @property {0 | 1 | 2} qos
 * @property {number | undefined} granted the QoS that the broker granted; undefined until it has
 * @property {number} received
 * @property {{ unsubscribe(): Promise<unknown> } | undefined} live undefined while not subscribed
 *
 * @typedef {object} Listeners
 * @property {(state: StateName, detail: string) => void} state
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
  /** @type {Attempt} */
  #attempt = { over: true, cancel: () => undefined };
  #retries = 0;
  #listeners;

  /** @param {Listeners} listeners */
  constructor(listeners) {
    this.#listeners = listeners;
  }

  get state() {
    return this.#state;
  }

  /** The client while connected. */
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
    this.#retries = 0;
    await this.#open(false);
  }

  /** Connects again to where it was, now. */
  async reconnect() {
    const address = this.#address;
    if (address !== undefined) await this.connect(address);
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
   * Subscribes, now and after each reconnect. A filter that is already there gets the new QoS.
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

  /** @param {boolean} again whether this is a retry after a connection that had stood */
  async #open(again) {
    const address = this.#address;
    if (address === undefined) return;
    const connecting = new AbortController();
    const attempt = this.#begin(() => {
      connecting.abort();
    });
    this.#setState("connecting");
    try {
      const client = await rivulet.connect(address.url, {
        protocolVersion: address.versions,
        ...(address.username === undefined ? {} : { username: address.username }),
        ...(address.password === undefined ? {} : { password: address.password }),
        connectTimeoutMs,
        signal: connecting.signal,
      });
      if (attempt.over) {
        client.close();
        return;
      }
      this.#adopt(client, attempt);
      await this.#restore(client);
    } catch (error) {
      if (attempt.over) return;
      const refused = error instanceof rivulet.ConnectionRefusedError;
      if (again && !refused) this.#wait(this.#describe(error));
      else this.#setState("failed", this.#describe(error));
    }
  }

  /**
   * @param {MqttClient} client
   * @param {Attempt} attempt
   */
  #adopt(client, attempt) {
    this.#client = client;
    this.#retries = 0;
    client.on("message", ({ message }) => {
      this.#listeners.message(message);
    });
    client.on("disconnected", ({ error, reasonString }) => {
      if (attempt.over) return;
      client.close();
      this.#forgetClient();
      this.#wait(reasonString ?? (error === undefined ? "The broker closed the connection" : this.#describe(error)));
    });
    client.on("error", ({ error }) => {
      this.#listeners.error(this.#describe(error));
    });
    this.#setState("connected");
  }

  /** @param {MqttClient} client */
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

  /** @param {string} reason */
  #wait(reason) {
    if (this.#retries >= maximumRetries) {
      this.#setState("failed", reason);
      return;
    }
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#retries);
    this.#retries += 1;
    const timer = setTimeout(() => void this.#open(true), delayMs);
    this.#begin(() => {
      clearTimeout(timer);
    });
    this.#setState("waiting", `${reason}. Next attempt in ${Math.round(delayMs / 1_000)} s`);
  }

  /** Ends whatever is going on. */
  async #leave() {
    const client = this.#client;
    this.#attempt.over = true;
    if (client === undefined) {
      this.#attempt.cancel();
      return;
    }
    this.#forgetClient();
    await client.disconnect({ timeoutMs: 2_000 }).catch(() => {
      client.close();
    });
  }

  /**
   * Makes the attempt that counts from now on.
   * @param {() => void} cancel
   */
  #begin(cancel) {
    this.#attempt.over = true;
    this.#attempt = { over: false, cancel };
    return this.#attempt;
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
    if (this.#client === undefined) throw new Error("Not connected");
    return this.#client;
  }

  /**
   * @param {StateName} state
   * @param {string} [detail]
   */
  #setState(state, detail = "") {
    this.#state = state;
    this.#listeners.state(state, detail);
  }
}

/** @param {unknown} error */
export function describeError(error) {
  return error instanceof Error ? error.message : String(error);
}
