import { MqttClient as EngineClient, type ConnectOptions, type ConnectTarget, type Transport } from "@rivulet/engine";
import { addCaller } from "./add-caller.ts";
import { checkTls } from "./check-tls.ts";
import { connected, onPlatform } from "./platform.ts";

export * from "./shared.ts";

/**
 * What Node can open, loaded when it is asked for: a program that is only started does not wait for it. WebSockets have
 * their sockets, proxies and TLS from the same place as TCP.
 */
const transports: readonly Transport[] = [
  {
    schemes: ["mqtt:", "tcp:", "mqtts:", "ssl:", "tls:", "mqtt+unix:"],
    open: async (...asked) => (await import("@rivulet/node")).tcp.open(...asked),
  },
  {
    schemes: ["ws:", "wss:"],
    open: async (...asked) => {
      const [{ dial }, { createNodeWebSocket }] = await Promise.all([
        import("@rivulet/node"),
        import("@rivulet/websocket/node"),
      ]);
      return createNodeWebSocket(dial).open(...asked);
    },
  },
];

/** An MQTT client for `mqtt:`, `mqtts:`, `mqtt+unix:`, `ws:` and `wss:` URLs. See `connect`, which makes one that is connected. */
export class MqttClient extends EngineClient {
  /**
   * Makes a client that is not connected; `client.connect()` connects it.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(url: ConnectTarget, options: ConnectOptions = {}) {
    checkTls(url, options);
    super(url, onPlatform(options, transports));
  }
}

/**
 * Connects to a server.
 *
 * @throws (as a rejection) ConnectionRefusedError when the server says no, TransportError when it cannot be reached,
 * TimeoutError, InvalidOptionError, UnsupportedError.
 *
 * @example
 * ```ts
 * import { connect } from "rivulet";
 *
 * await using client = await connect("mqtt://127.0.0.1:1883");
 * await client.publish("home/floor1/kitchen/temperature", "21.5", { qos: 1 });
 * ```
 */
export async function connect(url: ConnectTarget, options: ConnectOptions = {}): Promise<MqttClient> {
  try {
    return await connected(new MqttClient(url, options));
  } catch (error) {
    addCaller(error, connect);
    throw error;
  }
}
