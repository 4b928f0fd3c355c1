import type { MQTT } from "@rivulet/component";

import { equal, event, events, ok, type Stage, type SurfaceCheck } from "../../check.ts";
import type { PeerOptions } from "../../lab-calls.ts";
import { connectTo } from "./connecting.ts";

const reached = {
  proxy: "Firewall connection complete.",
  tls: "SSL or S/Shell handshake complete.",
  host: "Remote host connection complete.",
};
const ended = {
  host: "Remote host disconnected.",
  tls: "SSL or S/Shell connection broken.",
  proxy: "Firewall host disconnected.",
};

/** Connects, disconnects, and returns what the event told, with the place of the other events among it. */
async function tell(
  stage: Stage,
  { tls }: PeerOptions = {},
  prepare?: (mqtt: MQTT) => Promise<void>,
): Promise<string[]> {
  const mqtt = stage.mqtt();
  const told: string[] = [];
  mqtt.on("connectionStatus", ({ connectionEvent, statusCode, description }) => {
    equal([statusCode, description], [0, "OK"], "What goes with the event");
    told.push(connectionEvent);
  });
  mqtt.on("sslServerAuthentication", (authentication) => {
    told.push("authenticated");
    authentication.accept = true;
  });
  mqtt.on("connected", () => told.push("connected"));
  mqtt.on("disconnected", () => told.push("disconnected"));
  await prepare?.(mqtt);
  const peer = await stage.lab.openPeer(tls && { tls });
  await connectTo(mqtt, peer);
  const disconnected = event(mqtt, "disconnected");
  await mqtt.disconnect();
  await disconnected;
  return told;
}

export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["event on_connection_status"],
    title: "connectionStatus tells that the connection to the server stands, and that it has ended",
    run: async (stage) => {
      equal(await tell(stage), [reached.host, "connected", ended.host, "disconnected"], "What was told");
    },
  },
  {
    rows: ["event on_connection_status", "property ssl_enabled"],
    title: "connectionStatus tells of TLS with a server that was accepted, before the connection",
    run: async (stage) => {
      const told = await tell(stage, { tls: {} }, (mqtt) => {
        mqtt.sslEnabled = true;
        return Promise.resolve();
      });
      // In a page nobody is asked.
      const asked = stage.runtime === "browser" ? [] : ["authenticated"];
      const begin = [...asked, reached.tls, reached.host, "connected"];
      equal(told, [...begin, ended.host, ended.tls, "disconnected"], "What was told");
    },
  },
  {
    rows: ["event on_connection_status", "property firewall_type"],
    title: "connectionStatus tells of the way through a proxy, then of TLS, then of the connection, and back",
    run: async (stage) => {
      const told = await tell(stage, { tls: {} }, async (mqtt) => {
        mqtt.firewallType = 1;
        const proxy = await stage.lab.openProxy("http");
        mqtt.firewallHost = proxy.host;
        mqtt.firewallPort = proxy.port;
        mqtt.sslEnabled = true;
      });
      const begin = [reached.proxy, "authenticated", reached.tls, reached.host, "connected"];
      equal(told, [...begin, ended.host, ended.tls, ended.proxy, "disconnected"], "What was told");
    },
  },
  {
    rows: ["event on_connection_status"],
    title: "connectionStatus tells with which error a connection has ended, as disconnected does",
    run: async ({ mqtt: create, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = create();
      await connectTo(mqtt, peer);
      const told = events(mqtt, "connectionStatus");
      const disconnected = event(mqtt, "disconnected");
      await peer.reset();
      const { statusCode, description } = await disconnected;
      ok(statusCode !== 0, "It is no error");
      equal(told, [{ connectionEvent: ended.host, statusCode, description }], "What was told");
    },
  },
];
