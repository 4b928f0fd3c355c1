import process from "node:process";
import { MqttClient } from "rivulet";
import { nodeCertificates } from "./certificates/node-certificate-reader.ts";
import { BasicMQTT } from "./mqtt.ts";
import { nodeFiles } from "./node-files.ts";
import type { Platform } from "./platform.ts";

export * from "./shared.ts";

const platform: Platform = {
  name: "Node",
  createClient: (url, options) => new MqttClient(url, options),
  files: nodeFiles,
  certificates: nodeCertificates,
  hasSockets: true,
  hasDelay: !("bun" in process.versions),
};

/** An MQTT client as a component, in Node: see `BasicMQTT`. */
export class MQTT extends BasicMQTT {
  /** Makes an object with all defaults, that is not connected. */
  constructor() {
    super(platform);
  }
}
