import type { MQTT } from "@rivulet/component";

import { ok, pass, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Peer } from "../../lab-calls.ts";

/** CONNACK of MQTT 5.0 with the user property "a" = "bc", in pieces. */
const pieces = ["20", "0b00", "0008", "26", "0001", "61", "0002", "6263"];

const timeoutMs = 3000;
/** A fifth of the time, so that a machine that is busy does not make it the whole. */
const pauseMs = timeoutMs / 5;

/** Answers CONNECT by pieces, each long before the time is over, and all of them long after; counts them. */
async function trickle(peer: Peer, sent: string[]): Promise<void> {
  await peer.next("connect");
  for (const piece of pieces) {
    await peer.sendHex(piece);
    sent.push(piece);
    if (sent.length < pieces.length) await pass(pauseMs);
  }
}

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

/** Connects to a server that takes longer than the time to answer; tells how long that took, and what it has sent. */
async function connectToTrickle(
  { mqtt: create, lab }: Stage,
  connect: (mqtt: MQTT, peer: Peer) => Promise<unknown>,
): Promise<{ readonly takenMs: number; readonly sent: readonly string[] }> {
  const peer = await lab.openPeer();
  const mqtt = create();
  mqtt.version = 1;
  mqtt.timeout = timeoutMs / 1000;
  const sent: string[] = [];
  const trickling = trickle(peer, sent);
  trickling.catch(() => undefined); // The connection may be gone by then.
  const takenMs = await elapsedMs(() => connect(mqtt, peer));
  return { takenMs, sent: [...sent] };
}

export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["config Socket/AbsoluteTimeout", "property timeout", "error TCPClient/201"],
    title: "AbsoluteTimeout: a server that answers byte by byte is waited for no longer than timeout, which is 201",
    run: async (stage) => {
      const { takenMs, sent } = await connectToTrickle(stage, async (mqtt, { host, port }) => {
        mqtt.config("AbsoluteTimeout=True");
        await throwsCode(201, () => mqtt.connectTo(host, port));
      });
      ok(takenMs > 0.9 * timeoutMs, `It took ${takenMs} ms`);
      ok(sent.length > 0 && sent.length < pieces.length, `It was given up after ${sent.length} pieces`);
    },
  },
  {
    rows: ["config Socket/AbsoluteTimeout", "property timeout"],
    title: "AbsoluteTimeout: by default a server that answers byte by byte is waited for as long as bytes come",
    isAlone: true, // Others would keep the runtime busy for longer than a pause.
    run: async (stage) => {
      const { takenMs } = await connectToTrickle(stage, (mqtt, { host, port }) => mqtt.connectTo(host, port));
      ok(takenMs > 1.2 * timeoutMs, `It took ${takenMs} ms`);
    },
  },
  {
    rows: ["config TCPClient/ConnectionTimeout", "config MQTT/ConnectionTimeout", "error TCPClient/201"],
    title: "ConnectionTimeout: a host that keeps silent is given up after that time instead of timeout, which is 201",
    run: async ({ mqtt: create, lab }) => {
      const { host, port } = await lab.blackHole();
      const mqtt = create();
      mqtt.timeout = 600; // Longer than a check may take.
      mqtt.config("ConnectionTimeout=1");
      const takenMs = await elapsedMs(() => throwsCode(201, () => mqtt.connectTo(host, port)));
      ok(takenMs > 900, `It took ${takenMs} ms`);
    },
  },
];
