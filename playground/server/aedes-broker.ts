import { createRequire } from "node:module";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";

import { Aedes } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";

import type { Broker } from "./broker.ts";
import { closeServer, listenOnLoopback } from "./free-port.ts";

/** Starts the embedded broker, which speaks 3.1.1 only, over TCP and WebSocket on free loopback ports. */
export async function startAedes(): Promise<Broker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };

  const tcpServer = createTcpServer((socket) => {
    // Small packets both ways: waiting for more to send would only delay them.
    socket.setNoDelay(true);
    aedes.handle(socket);
  });
  const webSocketHttpServer = createHttpServer((_request, response) => {
    response.writeHead(426, { "Content-Type": "text/plain", Upgrade: "websocket" }).end("MQTT over WebSocket only\n");
  });
  const webSocketServer = new WebSocketServer({
    server: webSocketHttpServer,
    handleProtocols: (protocols) => (protocols.has("mqtt") ? "mqtt" : false),
  });
  webSocketServer.on("connection", (webSocket, request) => {
    const stream = createWebSocketStream(webSocket);
    aedes.handle(stream, request);
  });
  tcpServer.on("connection", track);
  webSocketHttpServer.on("connection", track);

  const died = new Promise<Error>((resolve) => {
    for (const server of [tcpServer, webSocketHttpServer]) server.on("error", resolve);
  });
  const tcpPort = await listenOnLoopback(tcpServer, 0);
  const webSocketPort = await listenOnLoopback(webSocketHttpServer, 0);
  return {
    name: `aedes ${installedVersion()}`,
    speaks: "MQTT 3.1.1",
    tcpUrl: `mqtt://127.0.0.1:${tcpPort}`,
    webSocketUrl: `ws://127.0.0.1:${webSocketPort}`,
    pid: undefined,
    died,
    async stop(): Promise<void> {
      const closed = [closeServer(tcpServer), closeServer(webSocketHttpServer)];
      await new Promise<void>((resolve) => {
        aedes.close(() => {
          resolve();
        });
      });
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function installedVersion(): string {
  const require = createRequire(import.meta.url);
  // aedes exports no package.json; the file is looked up beside its entry point.
  const manifest: unknown = require(require.resolve("aedes").replace(/aedes\.js$/, "package.json"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  return typeof version === "string" ? version : "";
}
