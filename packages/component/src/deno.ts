import { MqttClient } from "rivulet";
import { nodeCertificates } from "./certificates/node-certificate-reader.ts";
import { BasicMQTT } from "./mqtt.ts";
import { nodeFiles } from "./node-files.ts";
import type { Platform } from "./platform.ts";

export * from "./shared.ts";

const platform: Platform = {
  name: "Deno",
  createClient: (url, options) => new MqttClient(url, options),
  files: nodeFiles,
  certificates: nodeCertificates,
  hasSockets: true,
  hasWebSocketSockets: false,
};

/** An MQTT client as a component, in Deno: see `BasicMQTT`. */
export class MQTT extends BasicMQTT {
  /** Makes an object with all defaults, that is not connected. */
  constructor() {
    super(platform);
  }
}
