import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** CONNACK of MQTT 5.0: no session, success, no properties. */
const connack = Uint8Array.of(0x20, 0x03, 0x00, 0x00, 0x00);

/** A server that accepts whoever comes, grants one subscription, and closes the WebSocket with a code and a reason. */
export async function startClosingServer(closeCode: number, reason: string): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "mqtt" });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.once("message", () => {
      socket.send(connack);
      socket.once("message", (subscribe: Buffer) => {
        // SUBACK of MQTT 5.0 for its Packet Identifier, which follows a length of one byte: no properties, QoS 1.
        socket.send(Uint8Array.of(0x90, 0x04, ...subscribe.subarray(2, 4), 0x00, 0x01));
        socket.close(closeCode, reason);
      });
    });
  });
  const { port } = server.address() as AddressInfo; // Listening on TCP.
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
