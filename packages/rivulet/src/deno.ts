import { MqttClient as EngineClient, type ConnectOptions, type ConnectTarget, type Transport } from "@rivulet/engine";
import { createTcp } from "@rivulet/deno";
import { tcp } from "@rivulet/node";
import { webSocket } from "@rivulet/websocket";
import { addCaller } from "./add-caller.ts";
import { checkTls } from "./check-tls.ts";
import { connected, onPlatform } from "./platform.ts";

export * from "./shared.ts";

/** What Deno can open: plain sockets by itself, and through its `node:net` and `node:tls` what it lacks there. */
const transports: readonly Transport[] = [createTcp(tcp), webSocket];

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
