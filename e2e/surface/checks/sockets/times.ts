import { ok, pass, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Peer } from "../../lab-calls.ts";

/** CONNACK of MQTT 5.0 with the user property "a" = "bc", in pieces. */
const pieces = ["200b", "0000", "0826", "0001", "6100", "0262", "63"];

/** Answers CONNECT by pieces, each long before a time of a second is over, and all of them long after. */
async function trickle(peer: Peer): Promise<void> {
  await peer.next("connect");
  for (const piece of pieces) {
    await peer.sendHex(piece);
    await pass(350);
  }
}

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

async function connectToTrickle({ mqtt: create, lab }: Stage, isAbsolute: boolean): Promise<number> {
  const peer = await lab.openPeer();
  const mqtt = create();
  mqtt.version = 1;
  mqtt.timeout = 1;
  mqtt.config(`AbsoluteTimeout=${isAbsolute ? "True" : "False"}`);
  const trickling = trickle(peer).catch(() => undefined); // The connection may be gone by then.
  const takenMs = await elapsedMs(async () => {
    if (isAbsolute) await throwsCode(201, () => mqtt.connectTo(peer.host, peer.port));
    else await mqtt.connectTo(peer.host, peer.port);
  });
  await trickling;
  return takenMs;
}

export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["config Socket/AbsoluteTimeout", "property timeout", "error TCPClient/201"],
    title: "AbsoluteTimeout: a server that answers byte by byte is waited for no longer than timeout, which is 201",
    run: async (stage) => {
      const takenMs = await connectToTrickle(stage, true);
      ok(takenMs > 900 && takenMs < 1900, `It took ${takenMs} ms`);
    },
  },
  {
    rows: ["config Socket/AbsoluteTimeout", "property timeout"],
    title: "AbsoluteTimeout: by default a server that answers byte by byte is waited for as long as bytes come",
    run: async (stage) => {
      const takenMs = await connectToTrickle(stage, false);
      ok(takenMs > 2000, `It took ${takenMs} ms`);
    },
  },
  {
    rows: ["config TCPClient/ConnectionTimeout", "config MQTT/ConnectionTimeout", "error TCPClient/201"],
    title: "ConnectionTimeout: a host that keeps silent is given up after that time instead of timeout, which is 201",
    run: async ({ mqtt: create, lab }) => {
      const { host, port } = await lab.blackHole();
      const mqtt = create();
      mqtt.timeout = 60;
      mqtt.config("ConnectionTimeout=1");
      const takenMs = await elapsedMs(() => throwsCode(201, () => mqtt.connectTo(host, port)));
      ok(takenMs > 900 && takenMs < 5000, `It took ${takenMs} ms`);
    },
  },
];
