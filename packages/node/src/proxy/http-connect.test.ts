import type { Socket } from "node:net";
import { inspect } from "node:util";
import { TransportError, type ProxyOptions } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { goThrough, talk } from "../../testing/proxy-tools.ts";
import { Hearing, startEcho, startScripted, type ScriptedPeer } from "../../testing/scripted-proxy.ts";

const broker = { hostname: "broker.example", port: 1883 };

/** A proxy that hears the request and then does as it is told. */
async function startProxy(answer: (socket: Socket, request: string, hearing: Hearing) => void): Promise<ScriptedPeer> {
  return startScripted((socket) => {
    const hearing = new Hearing(socket);
    void hearing.takeUntil("\r\n\r\n").then((request) => {
      answer(socket, request.toString("latin1"), hearing);
    });
  });
}

/** What the user sees, when a proxy answers so. */
async function errorOf(
  answer: string | ((socket: Socket, request: string) => void),
  options: Partial<ProxyOptions> = {},
): Promise<string> {
  await using proxy = await startProxy((socket, request) => {
    if (typeof answer === "string") socket.write(answer, "latin1");
    else answer(socket, request);
  });
  const address = `http://127.0.0.1:${proxy.port}`;
  const error: unknown = await goThrough(broker, { url: address, ...options }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TransportError);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/s3cret|dTpzM2NyZXQ=/);
  await proxy.whenIdle(); // nothing is left behind
  return (error as TransportError).message.replace(address, "PROXY");
}

describe("HTTP CONNECT", () => {
  it("asks for host and port, with no more than it must", async () => {
    const requests: string[] = [];
    await using proxy = await startProxy((socket, request) => {
      requests.push(request);
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    });
    const url = `http://127.0.0.1:${proxy.port}`;
    (await goThrough(broker, url)).destroy();
    (await goThrough({ hostname: "2001:db8::1", port: 8883 }, url)).destroy();
    expect(requests).toEqual([
      "CONNECT broker.example:1883 HTTP/1.1\r\nHost: broker.example:1883\r\n\r\n",
      "CONNECT [2001:db8::1]:8883 HTTP/1.1\r\nHost: [2001:db8::1]:8883\r\n\r\n",
    ]);
  });

  it("sends credentials in UTF-8, and headers as they are given", async () => {
    const requests: string[] = [];
    await using proxy = await startProxy((socket, request) => {
      requests.push(request);
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    });
    const url = `http://127.0.0.1:${proxy.port}`;
    const headers = { "X-Tenant": "blå", "User-Agent": "tests" };
    (await goThrough(broker, { url, username: "ann", password: "pä:ss", headers })).destroy();
    (await goThrough(broker, { url, username: "token" })).destroy();
    (await goThrough(broker, { url, headers: { "Proxy-Authorization": "Bearer abc" } })).destroy();
    const tokens = ["ann:pä:ss", "token:"].map((text) => Buffer.from(text).toString("base64"));
    const start = "CONNECT broker.example:1883 HTTP/1.1\r\nHost: broker.example:1883\r\n";
    expect(requests).toEqual([
      `${start}Proxy-Authorization: Basic ${tokens[0]}\r\nX-Tenant: blå\r\nUser-Agent: tests\r\n\r\n`,
      `${start}Proxy-Authorization: Basic ${tokens[1]}\r\n\r\n`,
      `${start}Proxy-Authorization: Bearer abc\r\n\r\n`,
    ]);
  });

  it.each([
    ["in one piece with the server's first bytes", ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello"]],
    ["cut within its end", ["HTTP/1.1 200 OK\r\n\r", "\nhel", "lo"]],
    ["byte by byte", Array.from("HTTP/1.1 299 Sure\r\nA: b\r\n\r\nhello")],
    ["after an interim one", ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nh", "ello"]],
  ])("loses no byte when the answer comes %s", async (_name, pieces) => {
    await using echo = await startEcho("");
    await using proxy = await startProxy((socket, _request, hearing) => {
      void writePieces(socket, pieces).then(() => hearing.tunnelTo("127.0.0.1", echo.port));
    });
    const socket = await goThrough(broker, `http://127.0.0.1:${proxy.port}`);
    await talk(socket, "hello", Buffer.alloc(300_000, "0123456789"));
  });

  it("hands on the end of a server that has ended at once", async () => {
    await using proxy = await startProxy((socket) => {
      socket.end("HTTP/1.1 200 OK\r\n\r\n");
    });
    const socket = await goThrough(broker, `http://127.0.0.1:${proxy.port}`);
    await new Promise((resolve) => {
      socket.on("end", resolve);
      socket.on("data", () => undefined);
    });
    socket.destroy();
  });

  it("says that the proxy wants a user name and a password", async () => {
    const answer = (challenge: string): string => `HTTP/1.1 407 Auth\r\n${challenge}\r\n\r\nbody`;
    expect(await errorOf(answer("Proxy-Authenticate: Basic realm=x"))).toBe(
      "The proxy PROXY wants a user name and a password",
    );
    expect(await errorOf(answer("X: y"))).toBe("The proxy PROXY wants a user name and a password");
    expect(await errorOf(answer('Proxy-Authenticate: Digest realm="a", Basic realm=x'))).toBe(
      "The proxy PROXY wants a user name and a password",
    );
    expect(await errorOf(answer("Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM"))).toBe(
      "The proxy PROXY wants a user name and a password, by Negotiate, NTLM; only Basic is understood here",
    );
  });

  it("says that the proxy has refused them", async () => {
    const basic = "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\n\r\n";
    const credentials = { username: "u", password: "s3cret" };
    expect(await errorOf(basic, credentials)).toBe("The proxy PROXY refused the user name and the password");
    expect(await errorOf("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n", credentials)).toBe(
      "The proxy PROXY refused the user name and the password",
    );
    expect(await errorOf("HTTP/1.1 407\r\nProxy-Authenticate: NTLM\r\n\r\n", credentials)).toBe(
      "The proxy PROXY refused the user name and the password: it wants them by NTLM; only Basic is understood here",
    );
    expect(await errorOf(basic, { headers: { "Proxy-Authorization": "s3cret" } })).toBe(
      "The proxy PROXY refused the header Proxy-Authorization",
    );
  });

  it.each([
    ["403 Access violation", "refused to connect to broker.example:1883: 403 Access violation"],
    ["302 Found", "refused to connect to broker.example:1883: 302 Found"],
    ["101 Switching", "refused to connect to broker.example:1883: 101 Switching"],
    ["400", "refused to connect to broker.example:1883: 400"],
    ["500 Unable to connect", "could not connect to broker.example:1883: 500 Unable to connect"],
    ["503 Service Unavailable", "could not connect to broker.example:1883: 503 Service Unavailable"],
    ["504 \x1b[2Jg\xf6ne", "could not connect to broker.example:1883: 504 ?[2Jg?ne"],
    [`502 ${"x".repeat(5000)}`, `could not connect to broker.example:1883: 502 ${"x".repeat(200)}`],
  ])("quotes %j", async (status, message) => {
    expect(await errorOf(`HTTP/1.1 ${status}\r\nContent-Length: 4\r\n\r\nbody`)).toBe(`The proxy PROXY ${message}`);
  });

  it("does not show secrets that the proxy sends back", async () => {
    const echoed = (socket: Socket, request: string): void => {
      socket.write(`HTTP/1.1 400 ${request.replaceAll("\r\n", " ")}\r\n\r\n`);
    };
    const message = "The proxy PROXY refused to connect to broker.example:1883: 400";
    expect(await errorOf(echoed, { username: "u", password: "s3cret" })).toBe(message);
    expect(await errorOf(echoed, { headers: { "X-Key": "s3cret" } })).toBe(message);
    expect(
      await errorOf("HTTP/1.1 407 \r\nProxy-Authenticate: s3cret\r\n\r\n", { username: "u", password: "s3cret" }),
    ).toBe("The proxy PROXY refused the user name and the password: it wants them by ; only Basic is understood here");
  });

  it("refuses what is no HTTP", async () => {
    expect(await errorOf("SSH-2.0-OpenSSH_9.2\r\n")).toBe("The proxy PROXY answered as no HTTP proxy does");
    expect(await errorOf("\x05\xff")).toBe("The proxy PROXY answered as no HTTP proxy does");
  });

  it("refuses an answer without an end", async () => {
    const endless = (socket: Socket): void => {
      const write = (): void => {
        while (!socket.destroyed && socket.write("X: y\r\n".repeat(1000)));
      };
      socket.on("drain", write);
      socket.write("HTTP/1.1 200 OK\r\n");
      write();
    };
    expect(await errorOf(endless)).toBe("The proxy PROXY answered with a header of more than 65536 bytes");
  });

  it.each(["", "HTT", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r"])("says that it closed after %j", async (text) => {
    expect(await errorOf((socket) => socket.end(text))).toBe(
      "The proxy PROXY closed the connection before it had answered",
    );
  });

  it("says that the connection to it was lost", async () => {
    expect(await errorOf((socket) => socket.resetAndDestroy())).toBe(
      "The connection to the proxy PROXY was lost: connection reset",
    );
  });
});

/** Each in a turn of its own, so that they travel by themselves. */
async function writePieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve) => {
      socket.write(piece, () => resolve());
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
