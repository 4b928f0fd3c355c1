import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startResponderServer, type ResponderServer } from "../../testing/revocation-lab.ts";
import { fetchBytes, isFetchable, type Fetched, type FetchOptions } from "./http-fetch.ts";

let server: ResponderServer;

beforeAll(async () => {
  server = await startResponderServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => server.reset());

const hello = Buffer.from("hello");

function fetchPath(path: string, options: Partial<FetchOptions> = {}): Promise<Fetched> {
  const { signal } = new AbortController();
  return fetchBytes(server.url(path), { maxBytes: 5, timeoutMs: 20_000, signal, ...options });
}

test("GET, uncompressed", async () => {
  server.on("/a", hello);
  expect(await fetchPath("/a?b=c")).toEqual({ bytes: new Uint8Array(hello) });
  expect(server.asked).toMatchObject([{ method: "GET", path: "/a?b=c", headers: { "accept-encoding": "identity" } }]);
});

test("POST", async () => {
  server.on("/a", ({ body }) => body);
  expect(await fetchPath("/a", { body: { bytes: hello, type: "text/plain" } })).toEqual({
    bytes: new Uint8Array(hello),
  });
  expect(server.asked).toMatchObject([
    { method: "POST", headers: { "content-type": "text/plain", "content-length": "5" } },
  ]);
});

describe("redirects", () => {
  test.each([301, 302, 307, 308])("%i, with method and body", async (status) => {
    server.on("/a", { status, headers: { location: "/b" } });
    server.on("/b", ({ body }) => body);
    const body = { bytes: hello, type: "text/plain" };
    expect(await fetchPath("/a", { body })).toEqual({ bytes: new Uint8Array(hello) });
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /a", "POST /b"]);
  });

  test("not for ever", async () => {
    server.on("/a", { status: 302, headers: { location: "/a" } });
    expect(await fetchPath("/a")).toEqual({ failure: "redirected more than 3 times" });
    expect(server.asked).toHaveLength(4);
  });

  test.each([
    ["https://127.0.0.1:1/", "redirected to https:, and only http: is asked"],
    ["file:///etc/passwd", "redirected to file:, and only http: is asked"],
    ["http://[", "redirected to what is no address"],
  ])("not to %s", async (location, failure) => {
    server.on("/a", { status: 302, headers: { location } });
    expect(await fetchPath("/a")).toEqual({ failure });
  });

  test("to nowhere", async () => {
    server.on("/a", { status: 302 });
    expect(await fetchPath("/a")).toEqual({ failure: "answered with the HTTP status 302" });
  });
});

test.each([204, 303, 404, 500])("the status %i is no answer", async (status) => {
  server.on("/a", { status, headers: { location: "/b" } });
  expect(await fetchPath("/a")).toEqual({ failure: `answered with the HTTP status ${status}` });
});

test("more bytes than are taken, announced and not", async () => {
  const tooLong = { failure: "answered with more than 5 bytes" };
  server.on("/a", { headers: { "content-length": "6" }, body: Buffer.from("hello!") });
  expect(await fetchPath("/a")).toEqual(tooLong);
  server.on("/a", { headers: { "transfer-encoding": "chunked" }, body: Buffer.from("hello!") });
  expect(await fetchPath("/a")).toEqual(tooLong);
});

test("what is compressed is not unpacked", async () => {
  server.on("/a", { headers: { "content-encoding": "gzip" }, body: hello });
  expect(await fetchPath("/a")).toEqual({ failure: "answered with the encoding gzip, which was not asked for" });
});

test("an answer that does not come", async () => {
  server.on("/a", "hang");
  expect(await fetchPath("/a", { timeoutMs: 50 })).toEqual({ failure: "took longer than 50 ms" });
});

test("nobody there", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  const { signal } = new AbortController();
  const fetched = await fetchBytes(`http://127.0.0.1:${port}/`, { maxBytes: 5, timeoutMs: 20_000, signal });
  expect(fetched).toEqual({ failure: "refused the connection" });
});

describe("a server that is none", () => {
  test.each([
    ["that hangs up", "", "ended the connection"],
    ["that speaks something else", "220 mail.example ESMTP\r\n\r\n", "does not speak HTTP"],
    ["that hangs up in the middle", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", "ended the connection"],
  ])("%s", async (_, text, failure) => {
    await withServer(
      (socket) => socket.end(text),
      async (address) => {
        const { signal } = new AbortController();
        expect(await fetchBytes(address, { maxBytes: 5, timeoutMs: 20_000, signal })).toEqual({ failure });
      },
    );
  });

  test("that goes on in another protocol, and stays", async () => {
    await withServer(
      (socket) => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"),
      async (address) => {
        const { signal } = new AbortController();
        const fetched = await fetchBytes(address, { maxBytes: 5, timeoutMs: 20_000, signal });
        expect(fetched).toEqual({ failure: "answered with the HTTP status 101" });
      },
    );
  });

  test("that stops in the middle", async () => {
    await withServer(
      (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"),
      async (address) => {
        const { signal } = new AbortController();
        const fetched = await fetchBytes(address, { maxBytes: 5, timeoutMs: 50, signal });
        expect(fetched).toEqual({ failure: "took longer than 50 ms" });
      },
    );
  });
});

test("the signal ends it at any point, and nothing is left", async () => {
  const reason = new Error("enough");
  await expect(fetchPath("/a", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.asked).toHaveLength(0);
  for (const begun of ["", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"]) {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    await withServer(
      (socket) => {
        closed = new Promise((resolve) => socket.on("close", resolve));
        socket.write(begun, () => controller.abort(reason));
      },
      async (address) => {
        const fetched = fetchBytes(address, { maxBytes: 5, timeoutMs: 20_000, signal: controller.signal });
        await expect(fetched).rejects.toBe(reason);
        await closed;
      },
    );
  }
});

test.each([
  ["http://ocsp.example/", true],
  ["HTTP://ocsp.example", true],
  ["https://ocsp.example/", false],
  ["ldap://directory.example/cn=x", false],
  ["file:///etc/passwd", false],
  ["ocsp.example", false],
  ["", false],
])("%s is asked: %s", (address, isAsked) => {
  expect(isFetchable(address)).toBe(isAsked);
});

/** A TCP server that does something with whoever has sent it a request. */
async function withServer(serve: (socket: Socket) => void, use: (address: string) => Promise<void>): Promise<void> {
  const listener = createServer((socket) => {
    socket.on("error", () => undefined); // A reset is what some of these end with.
    socket.once("data", () => serve(socket));
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  try {
    await use(`http://127.0.0.1:${port}/`);
  } finally {
    listener.close();
    await once(listener, "close");
  }
}
