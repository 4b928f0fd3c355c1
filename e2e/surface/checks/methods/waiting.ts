import type { MQTT } from "@rivulet/component";

import {
  bytesOf,
  equal,
  event,
  events,
  ok,
  pass,
  throwsCode,
  until,
  type Stage,
  type SurfaceCheck,
} from "../../check.ts";
import { join } from "../joining.ts";

/** What waits, until it is interrupted or its time is over. */
interface Wait {
  readonly what: string;
  /** Resolves when it waits; `done` is what it waits with. */
  begin(stage: Stage, prepare: (mqtt: MQTT) => void): Promise<Begun>;
}

interface Begun {
  readonly mqtt: MQTT;
  readonly done: Promise<void>;
  /** When it began, on `performance`'s clock. */
  readonly since: number;
  /** Tells how the connection ended, as the server sees it. */
  readonly ended: () => Promise<unknown>;
}

const waits: readonly Wait[] = [
  {
    what: "connect",
    begin: async ({ mqtt: newMqtt, lab }, prepare) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      prepare(mqtt);
      const since = performance.now();
      const done = mqtt.connectTo(peer.host, peer.port);
      await Promise.race([peer.next("connect"), done]);
      return { mqtt, done, since, ended: () => peer.ended() };
    },
  },
  {
    what: "publishMessage",
    begin: async (stage, prepare) => {
      // A second message has to wait until the first has been acknowledged.
      const connack = { properties: { receiveMaximum: 1 } };
      const { mqtt, peer } = await join(stage, { version: 1, connack, prepare });
      await mqtt.publishMessage("surface/first", 1, "text");
      await peer.next("publish");
      const since = performance.now();
      return { mqtt, done: mqtt.publishMessage("surface/second", 1, "text"), since, ended: () => peer.ended() };
    },
  },
  {
    what: "subscribe",
    begin: async (stage, prepare) => {
      const { mqtt, peer } = await join(stage, { prepare });
      const since = performance.now();
      const done = mqtt.subscribe("surface/unanswered", 1);
      await Promise.race([peer.next("subscribe"), done]);
      return { mqtt, done, since, ended: () => peer.ended() };
    },
  },
  {
    what: "unsubscribe",
    begin: async (stage, prepare) => {
      const { mqtt, peer } = await join(stage, { prepare });
      const since = performance.now();
      const done = mqtt.unsubscribe("surface/unanswered");
      await Promise.race([peer.next("unsubscribe"), done]);
      return { mqtt, done, since, ended: () => peer.ended() };
    },
  },
];

const interruptChecks: readonly SurfaceCheck[] = waits.map(({ what, begin }) => ({
  rows: ["method interrupt", "error HTTP/301"],
  title: `interrupt while ${what} waits: it rejects with 301 of HTTP at once, and the server sees the connection end`,
  run: async (stage) => {
    const { mqtt, done, ended } = await begin(stage, () => undefined);
    const told = event(mqtt, what === "connect" ? "connected" : "disconnected");
    mqtt.interrupt();
    await throwsCode(301, "HTTP", () => done);
    await ended();
    equal(mqtt.connected, false, "`connected`");
    if (what === "connect") equal((await told).statusCode, 301, "onConnected");
    else await told;
  },
}));

const idleInterruptChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method interrupt", "event on_disconnected"],
    title:
      "interrupt while nothing waits ends the connection, without a DISCONNECT; without a connection it does nothing",
    run: async (stage) => {
      stage.mqtt().interrupt();
      const { mqtt, peer } = await join(stage);
      const told = events(mqtt, "disconnected");
      mqtt.interrupt();
      equal(mqtt.connected, false, "`connected`");
      await peer.ended();
      equal(await peer.waiting(), [], "What came before the end");
      await until(() => told.length > 0);
      mqtt.interrupt();
      await pass(10);
      equal(told.length, 1, "How often onDisconnected fired");
    },
  },
];

/** Longer than it takes to connect on a machine that is busy. */
const timeoutSeconds = 3;

const timeoutChecks: readonly SurfaceCheck[] = [
  ...waits.map(({ what, begin }): SurfaceCheck => ({
    rows: ["property timeout", "error TCPClient/201"],
    title: `timeout while ${what} waits for a silent server: 201 after that many seconds`,
    run: async (stage) => {
      const { mqtt, done, since } = await begin(stage, (one) => {
        one.timeout = timeoutSeconds;
      });
      const told = events(mqtt, "connected");
      await throwsCode(201, "TCPClient", () => done);
      const tookMs = performance.now() - since;
      ok(tookMs > 990 * timeoutSeconds, `It took ${tookMs} ms instead of ${1000 * timeoutSeconds}`);
      equal(mqtt.connected, what !== "connect", "`connected`");
      const codes = told.map(({ statusCode }) => statusCode);
      equal(codes, what === "connect" ? [201] : [], "The codes in onConnected");
    },
  })),
  {
    rows: ["property timeout"],
    title: "timeout counts from the last byte that came: a server that goes on sending is waited for",
    isAlone: true,
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          one.timeout = timeoutSeconds;
        },
      });
      const subscribing = mqtt.subscribe("surface/slow", 0);
      const { packetIdentifier } = await peer.next("subscribe");
      const since = performance.now();
      for (const _ of [1, 2, 3, 4, 5, 6]) {
        await pass(200 * timeoutSeconds);
        await peer.send({ type: "publish", topicName: "surface/slow", payload: bytesOf("still here") });
      }
      await peer.send({ type: "suback", packetIdentifier, reasonCodes: [0] });
      await subscribing;
      ok(performance.now() - since > 1000 * timeoutSeconds, "It was over before the time was");
    },
  },
];

const keepAliveChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property keep_alive_interval"],
    title: "keepAliveInterval stands in CONNECT, and after so many silent seconds the server gets PINGREQ",
    run: async (stage) => {
      const since = performance.now();
      const { mqtt, peer, connect } = await join(stage, {
        prepare: (one) => {
          one.keepAliveInterval = 1;
        },
      });
      equal(connect.keepAlive, 1, "The keep-alive in CONNECT");
      await peer.next("pingreq");
      const tookMs = performance.now() - since;
      ok(tookMs > 990, `PINGREQ came after ${tookMs} ms`);
      await peer.next("pingreq");
      equal(mqtt.connected, true, "`connected`, with a server that answers");
    },
  },
  {
    rows: ["property keep_alive_interval", "event on_disconnected"],
    title: "A PINGREQ without an answer for another keep-alive: the connection is ended, and onDisconnected says so",
    run: async (stage) => {
      const since = performance.now();
      const { mqtt, peer } = await join(stage, {
        peer: { answers: [] },
        prepare: (one) => {
          one.keepAliveInterval = 1;
        },
      });
      const told = event(mqtt, "disconnected");
      await peer.next("pingreq");
      const { statusCode, description } = await told;
      const tookMs = performance.now() - since;
      ok(tookMs > 1990, `It was ended after ${tookMs} ms`);
      ok(statusCode !== 0 && description !== "OK", `onDisconnected tells ${statusCode}, ${description}`);
      await peer.ended();
    },
  },
  {
    rows: ["property keep_alive_interval"],
    title: "keepAliveInterval is 0 by default, in CONNECT too",
    run: async (stage) => {
      const { mqtt, connect } = await join(stage);
      equal([mqtt.keepAliveInterval, connect.keepAlive], [0, 0], "keepAliveInterval and the keep-alive in CONNECT");
    },
  },
];

const eventChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method do_events", "event on_message_in"],
    title: "doEvents lets what the server sends come: whoever does nothing else gets the message",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await mqtt.doEvents();
      const came = events(mqtt, "messageIn");
      await peer.send({ type: "publish", topicName: "surface/events", payload: bytesOf("text") });
      while (came.length === 0) await mqtt.doEvents();
      equal(
        came.map(({ topic }) => topic),
        ["surface/events"],
        "What came",
      );
      await stage.mqtt().doEvents();
    },
  },
];

export const waitingChecks: readonly SurfaceCheck[] = [
  ...interruptChecks,
  ...idleInterruptChecks,
  ...timeoutChecks,
  ...keepAliveChecks,
  ...eventChecks,
];
