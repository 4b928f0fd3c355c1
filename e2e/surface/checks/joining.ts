import type { MQTT } from "@rivulet/component";
import type { ConnackPacket, ConnectPacket } from "@rivulet/codec";

import type { Stage } from "../check.ts";
import type { Peer, PeerOptions, Received } from "../lab-calls.ts";

/** What a server answers by itself that has a script for CONNECT only. */
export const allButConnect = ["subscribe", "unsubscribe", "publish", "pubrel", "pingreq"] as const;

/** How `join` connects. */
export interface JoinOptions {
  /** One of `MqttVersions`. Default: MQTT 3.1.1. */
  readonly version?: number;
  readonly peer?: PeerOptions;
  readonly connack?: Partial<Omit<ConnackPacket, "type">>;
  /** Sets what has to be set before. */
  readonly prepare?: (mqtt: MQTT) => void;
}

/** Both ends of a connection. */
export interface Joined {
  readonly mqtt: MQTT;
  readonly peer: Peer;
  readonly connect: Received<ConnectPacket>;
}

/** A new object that is connected to a new scripted server. */
export async function join(stage: Stage, { version, peer, connack, prepare }: JoinOptions = {}): Promise<Joined> {
  const server = await stage.lab.openPeer(peer);
  const mqtt = stage.mqtt();
  if (version !== undefined) mqtt.version = version;
  prepare?.(mqtt);
  return { mqtt, peer: server, connect: await accepted(mqtt, server, connack) };
}

/** Connects to a server, which accepts; returns the CONNECT. */
export async function accepted(
  mqtt: MQTT,
  peer: Peer,
  connack?: JoinOptions["connack"],
): Promise<Received<ConnectPacket>> {
  const [connect] = await Promise.all([peer.accept(connack), mqtt.connectTo(peer.host, peer.port)]);
  return connect;
}

/** A new object that is connected to mosquitto. */
export async function joinBroker(stage: Stage, prepare?: (mqtt: MQTT) => void): Promise<MQTT> {
  const mqtt = stage.mqtt();
  prepare?.(mqtt);
  await mqtt.connectTo(stage.broker.host, stage.broker.port);
  return mqtt;
}
