import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { closeServer, listenOnLoopback } from "./free-port.ts";

const defaultPort = 8080;
const publicDirectory = fileURLToPath(new URL("../public", import.meta.url));

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
};

const headers: Readonly<Record<string, string>> = {
  // ws: and wss: anywhere, since people may connect the page to a broker of their own. Nothing else leaves the page.
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

export interface PageServerOptions {
  /** `undefined`: 8080, or a free port when that is taken. 0: any free one. */
  readonly port: number | undefined;
  /** The UMD bundle, served with its source map beside it. */
  readonly bundlePath: string;
  /** What `/demo.json` answers: what the page is told about the demo. */
  readonly settings: object;
}

export interface PageServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the page on loopback. Rejects when an explicit port is taken. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const files = await listFiles(options.bundlePath);
  const settings = JSON.stringify(options.settings);
  const server = createServer((request, response) => {
    answer(request, response, files, settings);
  });
  const port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop(): Promise<void> {
      const closed = closeServer(server);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The files that may be served, by URL path. A request is looked up here and never becomes a path of its own. */
async function listFiles(bundlePath: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(publicDirectory, { withFileTypes: true })) {
    if (entry.isFile() && extname(entry.name) in contentTypes) {
      files.set(`/${entry.name}`, join(publicDirectory, entry.name));
    }
  }
  files.set("/", join(publicDirectory, "index.html"));
  files.set("/rivulet.umd.js", bundlePath);
  files.set("/rivulet.umd.js.map", `${bundlePath}.map`);
  return files;
}

async function listen(server: ReturnType<typeof createServer>, port: number | undefined): Promise<number> {
  try {
    return await listenOnLoopback(server, port ?? defaultPort);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    if (port === undefined) return listenOnLoopback(server, 0);
    throw new Error(`Port ${port} is in use: choose another, or leave out --port to get a free one`, { cause: error });
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, string>,
  settings: string,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    end(response, 405, "Method not allowed\n");
    return;
  }
  const path = (request.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
  if (path === "/demo.json") {
    end(response, 200, settings, contentTypes[".json"]);
    return;
  }
  const file = files.get(path);
  if (file === undefined) {
    end(response, 404, "Not found\n");
    return;
  }
  const stream = createReadStream(file);
  stream.once("error", () => {
    if (response.headersSent) response.destroy();
    else end(response, 404, "Not found\n");
  });
  stream.once("open", () => {
    // The bundle itself does not name its map, which is not published with it.
    if (files.has(`${path}.map`)) response.setHeader("SourceMap", `${path}.map`);
    response.writeHead(200, { "Content-Type": contentTypes[extname(file)] ?? "application/octet-stream" });
    if (request.method === "HEAD") {
      stream.destroy();
      response.end();
    } else {
      stream.pipe(response);
    }
  });
  response.once("close", () => {
    stream.destroy();
  });
}

function end(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  // For HEAD, Node itself leaves out the body.
  response.writeHead(status, { "Content-Type": type }).end(body);
}
