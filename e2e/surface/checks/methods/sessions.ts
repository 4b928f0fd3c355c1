import type { MQTT } from "@rivulet/component";
import type { ConnectPacket } from "@rivulet/codec";

import {
  bytesOf,
  equal,
  event,
  events,
  textOf,
  throwsCode,
  until,
  type Stage,
  type SurfaceCheck,
} from "../../check.ts";
import type { Peer, PeerConnection, Received } from "../../lab-calls.ts";
import { accepted } from "../joining.ts";

const clientId = "surface-session";

interface Interrupted {
  readonly mqtt: MQTT;
  /** The Packet Identifiers of what is under way, as the server knows them. */
  readonly one: number;
  readonly two: number;
  readonly three: number;
}

/** Somebody with a message at QoS 1, one at QoS 2 and one that the server has received under way. */
async function publishing(
  stage: Stage,
  prepare?: (mqtt: MQTT) => void,
): Promise<Interrupted & { readonly peer: Peer }> {
  const peer = await stage.lab.openPeer();
  const mqtt = stage.mqtt();
  Object.assign(mqtt, { clientId, cleanSession: false });
  prepare?.(mqtt);
  await accepted(mqtt, peer);
  await mqtt.publishMessage("surface/one", 1, "one");
  const { packetIdentifier: one = 0 } = await peer.next("publish");
  await mqtt.publishMessage("surface/two", 2, "two");
  const { packetIdentifier: two = 0 } = await peer.next("publish");
  await mqtt.publishMessage("surface/three", 2, "three");
  const { packetIdentifier: three = 0 } = await peer.next("publish");
  await peer.send({ type: "pubrec", packetIdentifier: three });
  await peer.next("pubrel");
  return { mqtt, peer, one, two, three };
}

/** The same, and the connection is lost. */
async function interrupted(stage: Stage, prepare?: (mqtt: MQTT) => void): Promise<Interrupted> {
  const { peer, ...left } = await publishing(stage, prepare);
  left.mqtt.interrupt();
  await peer.ended();
  return left;
}

/** What is under way is gone on with at a new connection, whose server has the session; at the end nothing is left. */
async function goesOn(mqtt: MQTT, peer: PeerConnection, { one, two, three }: Omit<Interrupted, "mqtt">): Promise<void> {
  const out: string[] = [];
  mqtt.on("messageOut", ({ topic }) => out.push(topic));
  const packets = [await peer.next("publish"), await peer.next("publish")];
  const seen = packets.map(({ duplicate, qos, packetIdentifier, topicName, payload }) => [
    ...[duplicate, qos, packetIdentifier],
    ...[topicName, textOf(payload)],
  ]);
  // prettier-ignore
  equal(seen, [[true, 1, one, "surface/one", "one"], [true, 2, two, "surface/two", "two"]], "What is sent again");
  equal((await peer.next("pubrel")).packetIdentifier, three, "The Packet Identifier of PUBREL");
  equal(
    mqtt.outgoingMessages.map(({ state }) => state),
    [0, 1, 3],
    "The states of the three",
  );
  await peer.send({ type: "puback", packetIdentifier: one }, { type: "pubrec", packetIdentifier: two });
  await peer.next("pubrel");
  await peer.send({ type: "pubcomp", packetIdentifier: three }, { type: "pubcomp", packetIdentifier: two });
  await until(() => mqtt.outgoingMessageCount === 0);
  equal(out, ["surface/one", "surface/three", "surface/two"], "onMessageOut");
}

/** Connects to a server that has the session. */
async function resume(
  stage: Stage,
  mqtt: MQTT,
): Promise<{ readonly peer: Peer; readonly connect: Received<ConnectPacket> }> {
  const peer = await stage.lab.openPeer();
  return { peer, connect: await accepted(mqtt, peer, { sessionPresent: true }) };
}

const outgoingChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method save_session", "method restore_session"],
    title: "What saveSession returned, another object restores: what is unacknowledged is sent again, with DUP",
    run: async (stage) => {
      const { mqtt: first, ...ids } = await interrupted(stage);
      const text = first.saveSession();
      const mqtt = stage.mqtt();
      mqtt.clientId = clientId;
      mqtt.restoreSession(text);
      equal(mqtt.cleanSession, false, "cleanSession");
      equal(
        mqtt.outgoingMessages.map(({ topic }) => topic),
        ["surface/one", "surface/two", "surface/three"],
        "The list",
      );
      const { peer, connect } = await resume(stage, mqtt);
      equal([connect.clientIdentifier, connect.cleanStart], [clientId, false], "CONNECT");
      await goesOn(mqtt, peer, ids);
    },
  },
  {
    rows: ["method restore_session", "event on_connected", "config MQTT/SessionPresent"],
    title: "restoreSession inside onConnected, when SessionPresent is True: what is unacknowledged is sent again",
    run: async (stage) => {
      const { mqtt: first, ...ids } = await interrupted(stage);
      const text = first.saveSession();
      for (const sessionPresent of [false, true]) {
        const mqtt = stage.mqtt();
        Object.assign(mqtt, { clientId, cleanSession: false });
        mqtt.onConnected = () => {
          if (mqtt.config("SessionPresent") === "True") mqtt.restoreSession(text);
        };
        const failed = events(mqtt, "error");
        const peer = await stage.lab.openPeer();
        await accepted(mqtt, peer, { sessionPresent });
        equal(failed, [], "onError");
        if (sessionPresent) await goesOn(mqtt, peer, ids);
        else {
          await mqtt.publishMessage("surface/else", 0, "");
          const { type } = await peer.next();
          equal([type, mqtt.outgoingMessageCount], ["publish", 0], "What came first, and how many are listed");
        }
      }
    },
  },
  {
    rows: ["method save_session", "property clean_session"],
    title: "The same object goes on with its session when it connects again with cleanSession false",
    run: async (stage) => {
      const { mqtt, ...ids } = await interrupted(stage);
      const { peer } = await resume(stage, mqtt);
      await goesOn(mqtt, peer, ids);
    },
  },
  {
    rows: ["config MQTT/AutoReconnect", "property outgoing_message_state", "property incoming_message_state"],
    title: "With AutoReconnect what is under way both ways is gone on with at the next connection",
    run: async (stage) => {
      const { mqtt, peer, ...ids } = await publishing(stage, (one) => one.config("AutoReconnect=True"));
      await peer.send({
        ...{ type: "publish", topicName: "surface/in", payload: bytesOf("kept") },
        ...{ qos: 2, packetIdentifier: 5 },
      });
      await peer.next("pubrec");
      const told = events(mqtt, "disconnected");
      const came = events(mqtt, "messageIn");
      await peer.end();
      const second = await peer.nextConnection();
      const { cleanStart } = await second.accept({ sessionPresent: true });
      equal([cleanStart, told.length], [false, 1], "CONNECT, and how often onDisconnected was");
      await goesOn(mqtt, second, ids);
      equal([mqtt.incomingMessageCount, mqtt.incomingMessageState(0), came.length], [1, 7, 0], "What came before");
      await second.send({ type: "pubrel", packetIdentifier: 5 });
      await second.next("pubcomp");
      await until(() => came.length === 1);
      equal([mqtt.incomingMessageCount, mqtt.connected], [0, true], "The count, and `connected`");
    },
  },
  {
    rows: ["config MQTT/SessionStateFile"],
    title: "With SessionStateFile the session goes into that file and comes from it, whatever restoreSession is passed",
    run: async (stage) => {
      const path = await stage.lab.writeFile("session", "something older");
      const { mqtt: first, ...ids } = await interrupted(stage, (one) => one.config(`SessionStateFile=${path}`));
      const text = first.saveSession();
      const file = await stage.lab.readFile(path);
      equal(file && textOf(file), text, "The file");
      const mqtt = stage.mqtt();
      mqtt.clientId = clientId;
      mqtt.config(`SessionStateFile=${path}`);
      mqtt.restoreSession("what is passed is of no account");
      const { peer } = await resume(stage, mqtt);
      await goesOn(mqtt, peer, ids);
    },
  },
];

const incomingChecks: readonly SurfaceCheck[] = (["the PUBREL", "the PUBLISH again"] as const).map((what) => ({
  rows: ["method save_session", "method restore_session", "event on_message_in"],
  title: `A message at QoS 2 that came before saveSession is completed once, when the server goes on with ${what}`,
  run: async (stage) => {
    const before = await stage.lab.openPeer();
    const first = stage.mqtt();
    Object.assign(first, { clientId, cleanSession: false });
    await accepted(first, before);
    const early = events(first, "messageIn");
    const publish = {
      type: "publish",
      topicName: "surface/in",
      payload: bytesOf("kept"),
      qos: 2,
      packetIdentifier: 5,
    } as const;
    await before.send(publish);
    await before.next("pubrec");
    first.interrupt();
    const text = first.saveSession();
    equal(early, [], "onMessageIn before PUBREL");

    const mqtt = stage.mqtt();
    mqtt.restoreSession(text);
    const came = events(mqtt, "messageIn");
    const acknowledged = event(mqtt, "messageAck");
    const { peer, connect } = await resume(stage, mqtt);
    equal(connect.clientIdentifier, clientId, "The Client Identifier");
    equal([mqtt.incomingMessageCount, mqtt.incomingMessageState(0)], [1, 7], "The count and the state");
    if (what === "the PUBLISH again") {
      await peer.send({ ...publish, duplicate: true });
      await peer.next("pubrec");
    }
    equal(came, [], "onMessageIn before PUBREL");
    await peer.send({ type: "pubrel", packetIdentifier: 5 });
    await peer.next("pubcomp");
    equal((await acknowledged).direction, 1, "The direction in onMessageAck");
    await peer.send({ type: "publish", topicName: "surface/last", payload: bytesOf("new") });
    await until(() => came.some(({ topic }) => topic === "surface/last"));
    const words = came.map(({ topic, message }) => `${topic} ${textOf(message)}`);
    equal(words, ["surface/in kept", "surface/last new"], "What came");
  },
}));

const lostChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property outgoing_message_count", "property incoming_message_count", "event on_error"],
    title:
      "A server that has lost the session: QoS 1 is published anew, QoS 2 is told of by onError, nothing old is listed",
    run: async (stage) => {
      const { mqtt, peer: before } = await publishing(stage);
      await before.send({
        ...{ type: "publish", topicName: "surface/in", payload: bytesOf("kept") },
        ...{ qos: 2, packetIdentifier: 5 },
      });
      await before.next("pubrec");
      mqtt.interrupt();
      await before.ended();
      const failed = events(mqtt, "error");
      const came = events(mqtt, "messageIn");
      const peer = await stage.lab.openPeer();
      await accepted(mqtt, peer, { sessionPresent: false });
      const { duplicate, topicName } = await peer.next("publish");
      equal([topicName, duplicate], ["surface/one", false], "What is published anew, and its DUP flag");
      await until(() => failed.length === 2);
      equal(
        mqtt.outgoingMessages.map(({ topic }) => topic),
        ["surface/one"],
        "What is listed",
      );
      equal([mqtt.incomingMessageCount, came.length], [0, 1], "The other list, and what came of it");
    },
  },
];

const failureChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/SessionStateFile", "error TCPClient/302"],
    title: "A SessionStateFile that cannot be read or written is 302, and changes nothing",
    run: async (stage) => {
      const directory = await stage.lab.directory();
      const mqtt = stage.mqtt();
      mqtt.config(`SessionStateFile=${directory}/none/session`);
      await throwsCode(302, "TCPClient", () => mqtt.saveSession());
      await throwsCode(302, "TCPClient", () => {
        mqtt.restoreSession("");
      });
      equal(mqtt.cleanSession, true, "cleanSession");
    },
  },
  {
    rows: ["method restore_session"],
    title: "What is no saved session is refused, and the next CONNECT is as if it had not been tried",
    run: async (stage) => {
      const { mqtt: other } = await interrupted(stage);
      const text = other.saveSession();
      const mqtt = stage.mqtt();
      mqtt.clientId = "surface-else";
      const middle = Math.floor(text.length / 2);
      const damaged = `${text.slice(0, middle)}${text[middle] === "A" ? "B" : "A"}${text.slice(middle + 1)}`;
      for (const wrong of ["", "no session", text.slice(0, middle), damaged, text]) {
        await throwsCode(500, "MQTT", () => {
          mqtt.restoreSession(wrong);
        });
      }
      const peer = await stage.lab.openPeer();
      const connect = await accepted(mqtt, peer);
      equal([connect.cleanStart, connect.clientIdentifier], [true, "surface-else"], "CONNECT");
      equal(mqtt.outgoingMessageCount, 0, "The count");
    },
  },
  {
    rows: ["method save_session"],
    title: "An object that has done nothing has a session to save, which another one restores",
    run: async (stage) => {
      const first = stage.mqtt();
      first.clientId = "surface-new";
      const text = first.saveSession();
      const mqtt = stage.mqtt();
      mqtt.restoreSession(text);
      const { connect } = await resume(stage, mqtt);
      equal([connect.cleanStart, connect.clientIdentifier], [false, "surface-new"], "CONNECT");
    },
  },
];

export const sessionChecks: readonly SurfaceCheck[] = [
  ...outgoingChecks,
  ...incomingChecks,
  ...lostChecks,
  ...failureChecks,
];
