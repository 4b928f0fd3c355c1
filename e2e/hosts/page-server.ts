import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { scriptTagBundle, type Bundles } from "../support/bundles.ts";

const pages = {
  umd: '<script src="/rivulet.umd.js"></script><script src="/script-tag.js"></script>',
  spa: '<script type="module" src="/single-page-app.js"></script>',
  worker: '<script src="/worker-page.js" data-kind="worker"></script>',
  "shared-worker": '<script src="/worker-page.js" data-kind="shared-worker"></script>',
  "service-worker": '<script src="/worker-page.js" data-kind="service-worker"></script>',
} as const;

/** How a page has Rivulet, or which kind of worker has it. */
export type PageName = keyof typeof pages;

/** Strict enough that a library which evaluates strings, injects styles or loads anything would break. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self'", // Some ask for an icon.
  "connect-src ws://127.0.0.1:* wss://127.0.0.1:* http://127.0.0.1:*",
  "require-trusted-types-for 'script'",
].join("; ");

export interface PageServer {
  url(page: PageName): string;
  close(): Promise<void>;
}

export async function servePages(bundles: Bundles): Promise<PageServer> {
  const scripts = {
    "/rivulet.umd.js": scriptTagBundle,
    "/script-tag.js": bundles.scriptTag,
    "/single-page-app.js": bundles.singlePageApp,
    "/worker-page.js": bundles.workerPage,
    "/worker.js": bundles.worker,
  };
  const files = new Map<string, { type: string; body: string | Uint8Array }>();
  for (const [path, file] of Object.entries(scripts)) {
    files.set(path, { type: "text/javascript; charset=utf-8", body: await readFile(file) });
  }
  for (const [name, body] of Object.entries(pages)) {
    const html = `<!doctype html><title>${name}</title>${body}`;
    files.set(`/${name}.html`, { type: "text/html; charset=utf-8", body: html });
  }
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? "");
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": file.type, "content-security-policy": policy }).end(file.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    url: (page) => `http://127.0.0.1:${port}/${page}.html`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
