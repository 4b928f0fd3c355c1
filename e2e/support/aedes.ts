import { Aedes } from "aedes";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";

export interface OldBroker {
  readonly urls: { readonly tcp: string; readonly ws: string };
  stop(): Promise<void>;
}

/** Starts a broker in this process that speaks MQTT 3.1 and 3.1.1 only, and lets everybody in. */
export async function startAedes(): Promise<OldBroker> {
  const aedes = await Aedes.createBroker();
  const tcp = createServer((socket) => void aedes.handle(socket));
  const http = createHttpServer();
  const webSockets = new WebSocketServer({ server: http, handleProtocols: () => "mqtt" });
  webSockets.on("connection", (webSocket, request) => void aedes.handle(createWebSocketStream(webSocket), request));
  const [tcpPort, wsPort] = await Promise.all([listen(tcp), listen(http)]);
  return {
    urls: { tcp: `mqtt://127.0.0.1:${tcpPort}`, ws: `ws://127.0.0.1:${wsPort}` },
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const webSocket of webSockets.clients) webSocket.terminate();
      webSockets.close();
      await Promise.all([tcp, http].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // listening on TCP
  });
}
