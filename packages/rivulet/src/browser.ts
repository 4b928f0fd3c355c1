import { MqttClient as EngineClient, type ConnectOptions, type ConnectTarget, type Transport } from "@rivulet/engine";
import { webSocket } from "@rivulet/websocket";
import { onWake } from "./on-wake.ts";
import { connected, onPlatform } from "./platform.ts";

export * from "./shared.ts";

/** What a browser can open. */
const transports: readonly Transport[] = [webSocket];

/** An MQTT client for `ws:` and `wss:` URLs. See `connect`, which makes one that is connected. */
export class MqttClient extends EngineClient {
  /**
   * Makes a client that is not connected; `client.connect()` connects it.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(url: ConnectTarget, options: ConnectOptions = {}) {
    super(url, onPlatform(options, transports, { onWake }));
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
 * await using client = await connect("ws://127.0.0.1:8080/mqtt");
 * await client.publish("home/floor1/kitchen/temperature", "21.5", { qos: 1 });
 * ```
 */
export async function connect(url: ConnectTarget, options: ConnectOptions = {}): Promise<MqttClient> {
  return connected(new MqttClient(url, options));
}
