/** The web server of the measured pages, and the sink and source that their WebSockets lead to. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocketServer, type WebSocket } from "ws";
import { bundlePage } from "../../support/bundle-page.ts";
import { root, scriptTagBundle } from "../../support/bundles.ts";
import { CannedAnswers } from "../client/canned-answers.ts";
import { splitPackets } from "./split-packets.ts";
import type { BrowserLibrary } from "./task.ts";

/** Bytes that a WebSocket may have waiting. */
const bufferBytes = 256 * 1024;

const libraryFiles: Readonly<Record<BrowserLibrary, string>> = {
  rivulet: scriptTagBundle,
  "mqtt.js": join(root, "node_modules/mqtt/dist/mqtt.min.js"),
};

export interface BenchSite {
  /** A page with a library, and what measures it. */
  page(library: BrowserLibrary): string;
  /** A page with nothing but the script tag of a library. */
  script(library: BrowserLibrary): string;
  /** Where a page connects to. */
  webSocket(frames: "a packet each" | "many packets each"): string;
  close(): Promise<void>;
}

export async function startBenchSite(): Promise<BenchSite> {
  const files = new Map([["/bench.js", await bundleBenchPage()]]);
  for (const [library, file] of Object.entries(libraryFiles)) {
    const html = `<!doctype html><title>${library}</title><script src="/${library}/library.js"></script>`;
    files.set(`/${library}/library.js`, await readFile(file, "utf8"));
    files.set(`/${library}/script`, html);
    files.set(`/${library}/page`, `${html}<script src="/bench.js"></script>`);
  }
  const server = createServer(({ url = "/" }, response) => {
    const body = files.get(url);
    const type = `text/${url.endsWith(".js") ? "javascript" : "html"}; charset=utf-8`;
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type, "cache-control": "no-store" }).end(body);
  });
  const webSocket = new WebSocketServer({
    server,
    perMessageDeflate: false,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  });
  webSocket.on("connection", (socket, { url }) => answer(socket, url === "/a-packet-each"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // Listening on TCP.
  return {
    page: (library) => `http://127.0.0.1:${port}/${library}/page`,
    script: (library) => `http://127.0.0.1:${port}/${library}/script`,
    webSocket: (frames) => `ws://127.0.0.1:${port}/${frames.replaceAll(" ", "-")}`,
    close: async () => {
      for (const client of webSocket.clients) client.terminate();
      webSocket.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(socket: WebSocket, isSplit: boolean): void {
  const answers: CannedAnswers = new CannedAnswers({
    write: (bytes) => {
      const messages = isSplit ? splitPackets(bytes) : [bytes];
      const last = messages.pop();
      for (const message of messages) socket.send(message);
      if (last !== undefined) socket.send(last, () => answers.drained());
      return socket.bufferedAmount < bufferBytes;
    },
    stopReading: () => socket.pause(),
    end: () => socket.close(),
  });
  socket.on("message", (data) => answers.received(data as Buffer)); // That is what `ws` gives by default.
  socket.on("error", () => socket.terminate());
}

/** With the libraries as script tags have them, in the place of what the subjects import on Node. */
function bundleBenchPage(): Promise<string> {
  const aliases = join(root, "e2e/bench/browser/aliases");
  return bundlePage("e2e/bench/browser/page.ts", {
    alias: {
      rivulet: join(aliases, "rivulet.ts"),
      mqtt: join(aliases, "mqtt.ts"),
      "node:timers/promises": join(aliases, "timers.ts"),
    },
    inject: [join(aliases, "buffer.ts")],
  });
}
