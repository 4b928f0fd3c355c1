import type { MQTT } from "@rivulet/component";

import type { Peer, Place } from "../../lab-calls.ts";

/** Connects to a scripted server, which accepts. */
export async function connectTo(mqtt: MQTT, peer: Peer, { host, port }: Place = peer): Promise<void> {
  await Promise.all([peer.accept(), mqtt.connectTo(host, port)]);
}

/** A way to set something: by its property, or by its configuration setting. */
export interface Way {
  readonly row: string;
  readonly set: (mqtt: MQTT, value: string) => void;
  readonly get: (mqtt: MQTT) => string;
}

/** The configuration setting of that name. */
export function setting(name: string, group = "TCPClient"): Way {
  return {
    row: `config ${group}/${name}`,
    set: (mqtt, value) => {
      mqtt.config(`${name}=${value}`);
    },
    get: (mqtt) => mqtt.config(name),
  };
}
