import { MqttClient as EngineClient, type ConnectOptions, type ConnectTarget, type Transport } from "@rivulet/engine";
import { webSocket } from "@rivulet/websocket";
import { tcp } from "@rivulet/workers";
import { connected, onPlatform } from "./platform.ts";

export * from "./shared.ts";

/** What Cloudflare Workers can open. */
const transports: readonly Transport[] = [tcp, webSocket];

/**
 * An MQTT client for `mqtt:`, `tcp:`, `mqtts:`, `ssl:`, `tls:`, `ws:` and `wss:` URLs. See `connect`, which makes one that
 * is connected.
 */
export class MqttClient extends EngineClient {
  /**
   * Makes a client that is not connected; `client.connect()` connects it.
   *
   * @throws InvalidOptionError, UnsupportedError, naming the option.
   */
  constructor(url: ConnectTarget, options: ConnectOptions = {}) {
    super(url, onPlatform(options, transports));
  }
}

/**
 * Connects to a server. A Worker's connection ends with the request, or the Durable Object, that has made it.
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
  return connected(new MqttClient(url, options));
}
