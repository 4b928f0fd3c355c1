import type { MQTT, MQTTError } from "@rivulet/component";

import { describe, unsupportedCode, type Stage } from "../../check.ts";
import type { LabCertificates, Peer, PeerTls } from "../../lab-calls.ts";

/** Settings for `config`, by their names. */
export type SettingValues = Readonly<Record<string, string | number | boolean>>;

/** A server of TLS that answers everything. */
export function serve(stage: Stage, tls: PeerTls = {}): Promise<Peer> {
  return stage.lab.openPeer({ tls, answers: true });
}

/** A new object for TLS that trusts the lab's authority, where it can be told to. The settings come first. */
export async function secured(stage: Stage, settings: SettingValues = {}): Promise<MQTT> {
  const mqtt = stage.mqtt();
  configure(mqtt, settings);
  mqtt.sslEnabled = true;
  if (stage.runtime === "browser") return mqtt;
  const { authority } = await stage.lab.certificates();
  mqtt.config(`SSLServerCACerts=${authority}`);
  return mqtt;
}

function configure(mqtt: MQTT, settings: SettingValues): void {
  for (const [name, value] of Object.entries(settings)) mqtt.config(`${name}=${String(value)}`);
}

export async function connect(mqtt: MQTT, { host, port }: Peer): Promise<void> {
  await mqtt.connectTo(host, port);
}

/** A new object with these settings that has been connected to a new server of that kind. */
export async function reach(
  stage: Stage,
  settings: SettingValues = {},
  tls: PeerTls = {},
): Promise<{ readonly mqtt: MQTT; readonly peer: Peer }> {
  const mqtt = await secured(stage, settings);
  const peer = await serve(stage, tls);
  await connect(mqtt, peer);
  return { mqtt, peer };
}

/** Codes of what TLS fails with. */
const tlsCodes: readonly number[] = [270, 272, 273, 274, 275, 276, 280, 281, 282];

/** Has to fail by TLS, without a byte of MQTT; what the platform does not have passes through. */
export async function isRefused(mqtt: MQTT, peer: Peer): Promise<MQTTError> {
  let failure: unknown;
  try {
    await connect(mqtt, peer);
  } catch (error) {
    failure = error;
  }
  if (unsupportedCode(failure) !== undefined) throw failure;
  const count = await peer.connectionCount();
  for (let index = 0; index < count; index++) {
    const bytes = await (await peer.connection(index)).bytes();
    if (bytes !== "") throw new Error(`The server got ${bytes}`);
  }
  const { code = 0 } = (failure ?? {}) as { readonly code?: number };
  if (tlsCodes.includes(code)) return failure as MQTTError;
  throw new Error(failure === undefined ? "It was not refused" : `It failed otherwise: ${describe(failure)}`);
}

/** Makes sure that one is refused by a server of that kind, with these settings. */
export async function refuses(stage: Stage, settings: SettingValues, tls: PeerTls): Promise<MQTTError> {
  return isRefused(await secured(stage, settings), await serve(stage, tls));
}

/** All certificates and paths, in places that this runtime can read. */
export function certificatesOf(stage: Stage): Promise<LabCertificates> {
  return stage.lab.certificates();
}
