/** The sink and source that clients are measured against, over TCP and WebSocket, in a process of its own. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { CannedAnswers } from "./canned-answers.ts";

const tcp = createServer({ noDelay: true }, (socket) => {
  const answers = new CannedAnswers({
    write: (bytes) => socket.write(bytes),
    stopReading: () => socket.pause(),
    end: () => socket.end(),
  });
  socket.on("data", (chunk) => answers.received(chunk));
  socket.on("drain", () => answers.drained());
  socket.on("error", () => socket.destroy()); // A client that was measured just goes.
});
tcp.listen(0, "127.0.0.1");

/** Bytes that a WebSocket may have waiting. */
const webSocketBufferBytes = 256 * 1024;

const webSocket = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  handleProtocols: (protocols) => [...protocols][0] ?? false,
});
webSocket.on("connection", (socket) => {
  const answers: CannedAnswers = new CannedAnswers({
    write: (bytes) => {
      socket.send(bytes, () => answers.drained());
      return socket.bufferedAmount < webSocketBufferBytes;
    },
    stopReading: () => socket.pause(),
    end: () => socket.close(),
  });
  socket.on("message", (data) => answers.received(data as Buffer)); // That is what `ws` gives by default.
  socket.on("error", () => socket.terminate());
});

await Promise.all([once(tcp, "listening"), once(webSocket, "listening")]);
process.on("message", () => process.send?.(process.cpuUsage()));
process.send?.({
  tcp: `mqtt://127.0.0.1:${(tcp.address() as AddressInfo).port}`,
  ws: `ws://127.0.0.1:${(webSocket.address() as AddressInfo).port}`,
});
