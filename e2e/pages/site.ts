import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { bundlePage } from "../support/bundle-page.ts";
import { scriptTagBundle } from "../support/bundles.ts";
import { Journal, type Happening } from "./journal.ts";

const pages: Readonly<Record<string, string>> = {
  "/page": '<!doctype html><title>Page</title><script src="/rivulet.js"></script><script src="/page.js"></script>',
  "/session": '<!doctype html><title>Session</title><script src="/session-page.js"></script>',
  "/elsewhere": "<!doctype html><title>Elsewhere</title>",
};

/** The web server of the pages. */
export interface Site {
  /** Pages of different visits write into different journals. */
  url(page: "page" | "session" | "elsewhere", visit: string): string;
  /** What the pages of a visit have told. */
  journal(visit: string): Journal;
  /** The tickets that it has given out. */
  readonly tickets: readonly string[];
  close(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const [page, sessionPage, rivulet] = await Promise.all([
    bundle("page.ts"),
    bundle("session-page.ts"),
    readFile(scriptTagBundle, "utf8"),
  ]);
  const scripts: Readonly<Record<string, string>> = {
    "/page.js": page,
    "/session-page.js": sessionPage,
    "/rivulet.js": rivulet,
  };
  const journals = new Map<string, Journal>();
  const journal = (visit: string): Journal => {
    const known = journals.get(visit) ?? new Journal();
    journals.set(visit, known);
    return known;
  };
  const tickets: string[] = [];
  const answer = async (request: IncomingMessage): Promise<{ type: string; body: string } | undefined> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/journal") {
      journal(searchParams.get("visit") ?? "").add(JSON.parse(await text(request)) as Happening);
      return { type: "text/plain", body: "" };
    }
    if (pathname === "/ticket") {
      const ticket = `ticket-${tickets.length + 1}`;
      tickets.push(ticket);
      return { type: "text/plain", body: ticket };
    }
    const script = scripts[pathname];
    if (script !== undefined) return { type: "text/javascript; charset=utf-8", body: script };
    const html = pages[pathname];
    return html === undefined ? undefined : { type: "text/html; charset=utf-8", body: html };
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (found) => {
        if (found === undefined) response.writeHead(404).end();
        else response.writeHead(200, { "content-type": found.type }).end(found.body);
      },
      () => response.destroy(), // The page was left meanwhile.
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // Listening on TCP.
  return {
    url: (name, visit) => `http://127.0.0.1:${port}/${name}?visit=${visit}`,
    journal,
    tickets,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** With the package as it was built, as applications have it. */
function bundle(name: string): Promise<string> {
  return bundlePage(`e2e/pages/${name}`, { conditions: ["browser"] });
}
