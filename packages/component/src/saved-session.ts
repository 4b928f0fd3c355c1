import type { PublishPacket } from "@rivulet/codec";
import type { IncomingRecord, MqttClient, OutgoingRecord, SessionRecord, SessionSnapshot } from "rivulet";
import { restoreSession, saveSession } from "rivulet/session";
import type { Core } from "./core.ts";
import { MessageStates, type MessageState } from "./messages/listed-message.ts";
import { MQTTError } from "./mqtt-error.ts";
import { unsupported } from "./options/unsupported.ts";

// Theory of operation
//
// The client has its messages acknowledged on receipt, and so knows of a message at QoS 2 only the Packet Identifier: the
// message itself is in our list, and goes into what is saved beside it. It is taken out again before a client is given
// the rest, since the client would hand it over before the server has released it.

/** What must not be lost between one client and the next, in this object or in another one. */
export class SavedSession {
  readonly #core: Core;
  /** What `restore` was given, until the server has accepted a client. */
  #restored: SessionSnapshot | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Forgets what was restored: it is not wanted any more, or a client has it. */
  clear(): void {
    this.#restored = undefined;
  }

  /** What the next client is to take up; undefined when it begins anew. */
  forNext(previous: MqttClient | undefined, clientId: string): SessionSnapshot | undefined {
    if (this.#core.settings.cleanSession) return undefined;
    const snapshot = this.#restored ?? previous?.exportSession();
    return snapshot?.clientId === clientId ? snapshot : undefined;
  }

  /** @throws MQTTError 302 when the file cannot be written, 10045 where there are no files. */
  save(): string {
    const { client, messages, settings } = this.#core;
    const known = this.#restored ?? client?.exportSession();
    const records = (known?.records ?? []).map((record) => {
      const packet = isIncoming(record) ? messages.received(record.packetIdentifier) : undefined;
      return packet === undefined ? record : { ...record, packet };
    });
    const snapshot: SessionSnapshot = { version: 1, clientId: known?.clientId ?? settings.clientId, records };
    const text = toBase64(saveSession({ exportSession: () => snapshot }));
    this.#withFile((path, files) => {
      files.write(path, new TextEncoder().encode(text));
    });
    return text;
  }

  /**
   * @throws MQTTError 302 when the file cannot be read, 10045 where there are no files, 500 for what is no saved session
   * or that of another client, and where a message is under way already, 211 while a connection is being made or closed.
   * Nothing has changed then.
   */
  restore(given: string): void {
    const { settings, client, phase, messages, received } = this.#core;
    if (phase !== "idle" && phase !== "connected") {
      throw new MQTTError(211, { detail: "A session is restored before connecting, or when that is done" });
    }
    let text = given;
    this.#withFile((path, files) => {
      text = new TextDecoder().decode(files.read(path));
    });
    const snapshot = parse(text);
    const clientId = settings.clientId === "" ? snapshot.clientId : settings.clientId;
    if (snapshot.clientId !== clientId) {
      const detail = `The session is that of the client "${snapshot.clientId}", not of "${clientId}"`;
      throw new MQTTError(500, { detail });
    }
    const records = snapshot.records.map(withoutMessage);
    const isThere = phase === "connected" && carries(client, records);
    if (phase !== "connected") this.#restored = { ...snapshot, records };
    else if (!isThere) takeUp(client, { ...snapshot, records });
    settings.clientId = clientId;
    settings.cleanSession = false;
    if (isThere) return;
    messages.clear();
    for (const record of snapshot.records) this.#list(record);
    // A server that knows of no Session will not release them.
    if (phase === "connected" && !received.sessionPresent) {
      for (const packet of messages.lost()) messages.handOver(packet);
    }
  }

  #list(record: SessionRecord): void {
    const { messages } = this.#core;
    if (isIncoming(record)) {
      if (record.packet === undefined) return;
      const packet = { ...record.packet, packetIdentifier: record.packetIdentifier };
      messages.restore("incoming", packet, MessageStates.awaitingPubrel);
    } else if (isOutgoing(record) && record.awaits !== undefined) {
      messages.restore("outgoing", record.packet, stateOf[record.awaits]);
    }
  }

  #withFile(use: (path: string, files: NonNullable<Core["platform"]["files"]>) => void): void {
    const { settings, platform } = this.#core;
    const path = settings.sessionStateFile;
    if (path === "") return;
    if (platform.files === undefined) {
      throw unsupported(this.#core, { code: 302, setting: "SessionStateFile", why: "there are no files" });
    }
    try {
      use(path, platform.files);
    } catch (cause) {
      throw new MQTTError(302, { group: "TCPClient", detail: `SessionStateFile, ${reason(cause)}`, cause });
    }
  }
}

const stateOf: Readonly<Record<NonNullable<OutgoingRecord["awaits"]>, MessageState>> = {
  puback: MessageStates.awaitingPuback,
  pubrec: MessageStates.awaitingPubrec,
  pubcomp: MessageStates.sendingPubrel,
};

function isIncoming(record: SessionRecord): record is IncomingRecord {
  return record.key.startsWith("in/");
}

function isOutgoing(record: SessionRecord): record is OutgoingRecord {
  return record.key.startsWith("out/");
}

function withoutMessage(record: SessionRecord): SessionRecord {
  if (!isIncoming(record)) return record;
  const { packet: _, order: __, ...rest } = record;
  return rest;
}

/** Whether a client has all these messages under way: an object that connects again has taken them along. */
function carries(client: MqttClient | undefined, records: readonly SessionRecord[]): boolean {
  const isMessageRecord = (record: SessionRecord): boolean => isIncoming(record) || isOutgoing(record);
  const own = new Map((client?.exportSession().records ?? []).filter(isMessageRecord).map((each) => [each.key, each]));
  return own.size > 0 && records.filter(isMessageRecord).every((record) => isSame(record, own.get(record.key)));
}

/** Of messages that came, the Packet Identifier is the key; the place of one that was sent may be another one's. */
function isSame(one: SessionRecord, other: SessionRecord | undefined): boolean {
  if (other === undefined || !isOutgoing(one) || !isOutgoing(other)) return other !== undefined;
  const [{ packet: first }, { packet: second }] = [one, other];
  const isSameMessage =
    first.packetIdentifier === second.packetIdentifier &&
    first.topicName === second.topicName &&
    first.payload.length === second.payload.length;
  return isSameMessage && first.payload.every((byte, index) => byte === second.payload[index]);
}

function takeUp(client: MqttClient | undefined, snapshot: SessionSnapshot): void {
  try {
    client?.importSession(snapshot);
  } catch (cause) {
    throw new MQTTError(500, { detail: cause instanceof Error ? cause.message : undefined, cause });
  }
}

function parse(text: string): SessionSnapshot {
  let snapshot: SessionSnapshot | undefined;
  try {
    const bytes = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
    restoreSession({ importSession: (parsed) => (snapshot = check(parsed)) }, bytes);
  } catch (cause) {
    throw new MQTTError(500, { detail: "This is no saved session", cause });
  }
  if (snapshot === undefined) throw new MQTTError(500, { detail: "This is no saved session" });
  return snapshot;
}

/** The client that takes it up looks at every record; what is read here has to have its shape before. */
function check(snapshot: SessionSnapshot): SessionSnapshot {
  const { clientId, records } = snapshot;
  if (typeof clientId !== "string" || !Array.isArray(records) || !records.every(isSound))
    throw new TypeError("The saved session has no records");
  return snapshot;
}

function isSound(record: SessionRecord): boolean {
  if (typeof record.key !== "string") return false;
  if (isOutgoing(record)) return isMessage(record.packet);
  return !isIncoming(record) || record.packet === undefined || isMessage(record.packet);
}

function isMessage({ type, topicName, payload, properties = {} }: PublishPacket): boolean {
  const { correlationData = payload, subscriptionIdentifiers = [], userProperties = [] } = properties;
  const isBytes = [payload, correlationData].every((bytes) => bytes instanceof Uint8Array);
  const isText = (type as string) === "publish" && typeof topicName === "string";
  return isBytes && isText && Array.isArray(subscriptionIdentifiers) && Array.isArray(userProperties);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

function reason(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "it cannot be used";
}
