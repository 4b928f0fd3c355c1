import { MqttClient } from "rivulet";
import { BasicMQTT } from "./mqtt.ts";
import type { Platform } from "./platform.ts";

export * from "./shared.ts";

const platform: Platform = {
  name: "a browser",
  createClient: (url, options) => new MqttClient(url, options),
  files: undefined,
  certificates: undefined,
  hasSockets: false,
};

/** An MQTT client as a component, in browsers, where a host begins with `ws://` or `wss://`: see `BasicMQTT`. */
export class MQTT extends BasicMQTT {
  /** Makes an object with all defaults, that is not connected. */
  constructor() {
    super(platform);
  }
}
