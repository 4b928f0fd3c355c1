import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, Socket, type AddressInfo, type Server } from "node:net";
import { TransportError, type Duplex, type SocketOptions } from "@rivulet/engine";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patternBytes, readAll, stallWriting } from "../../engine/testing/pattern.ts";
import { dial } from "./dial.ts";
import { tcp } from "./mod.ts";

/** The server's side: what has come, and how it has ended. */
interface Side {
  readonly socket: Socket;
  received: number;
  /** `"end"`, or the code of the error. */
  readonly ending: Promise<string>;
}

let server: Server;
let accepted: Promise<Side>;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  accepted = new Promise((resolve) => {
    server.on("connection", (socket) => {
      resolve(watch(socket));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  (await accepted).socket.destroy();
  server.close();
});

function watch(socket: Socket): Side {
  const ending = new Promise<string>((resolve) => {
    socket.on("end", () => {
      resolve("end");
    });
    socket.on("error", (error: Error & { code?: string }) => {
      resolve(error.code ?? error.message);
    });
  });
  const side = { socket, received: 0, ending };
  socket.on("data", (chunk) => {
    side.received += chunk.length;
  });
  return side;
}

const request = (): Parameters<typeof tcp.open>[0] => {
  const { port } = server.address() as AddressInfo;
  const url = `mqtt://127.0.0.1:${port}`;
  return { url, address: url, scheme: "mqtt:", hostname: "127.0.0.1", port, path: "/" };
};

const context = (): Parameters<typeof tcp.open>[2] => ({
  signal: new AbortController().signal,
  report: () => undefined,
  verify: () => false,
});

async function open(socket: SocketOptions): Promise<{ readonly duplex: Duplex; readonly side: Side }> {
  const duplex = await tcp.open(request(), { socket }, context());
  return { duplex, side: await accepted };
}

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

describe("without socket.linger", () => {
  it("an abort is an end for the server", async () => {
    const { duplex, side } = await open({});
    duplex.abort();
    expect(await side.ending).toBe("end");
  });
});

describe("socket.linger false", () => {
  it("resets when aborted", async () => {
    const { duplex, side } = await open({ linger: false });
    duplex.abort(new Error("enough"));
    expect(await side.ending).toBe("ECONNRESET");
    await expect(duplex.closed).rejects.toThrow(TransportError);
  });

  it("resets when closed, after what the system has taken, and calls that an orderly end", async () => {
    const { duplex, side } = await open({ linger: false });
    const writer = duplex.writable.getWriter();
    void writer.write(patternBytes(0, 1000));
    await once(side.socket, "data");
    await writer.close();
    expect(await side.ending).toBe("ECONNRESET");
    expect(side.received).toBe(1000);
    expect(await readAll(duplex, assert)).toBe(0);
    await duplex.closed;
  });

  it("loses what the server has not taken", async () => {
    const resets = vi.spyOn(Socket.prototype, "resetAndDestroy");
    const { duplex, side } = await open({ linger: false });
    side.socket.pause();
    const stalled = await stallWriting(duplex);
    duplex.abort();
    await expect(stalled.finish()).rejects.toThrow(TransportError);
    expect(resets).toHaveBeenCalledOnce();
    side.socket.resume();
    await side.ending;
    expect(side.received).toBeLessThan(stalled.written());
  });

  it("resets when closed without waiting for the server", async () => {
    const { duplex, side } = await open({ linger: false });
    side.socket.pause();
    const stalled = await stallWriting(duplex);
    const closing = stalled.writer.close();
    side.socket.resume();
    await closing;
    await duplex.readable.cancel();
    await duplex.closed;
    await side.ending;
  });

  it("closes as ever when both have ended", async () => {
    const { duplex, side } = await open({ linger: false });
    side.socket.end();
    expect(await readAll(duplex, assert)).toBe(0);
    await duplex.writable.close();
    await duplex.closed;
    expect(await side.ending).toMatch(/^(end|ECONNRESET)$/);
  });

  it("holds for whoever else destroys the socket", async () => {
    const { socket } = await dial(request(), { socket: { linger: false } }, context());
    socket.destroy();
    expect(await (await accepted).ending).toBe("ECONNRESET");
  });

  it("does not stand in the way of an error", async () => {
    const { socket } = await dial(request(), { socket: { linger: false } }, context());
    const failed = new Promise((resolve) => socket.on("error", resolve));
    const error = new Error("enough");
    socket.destroy(error);
    expect(await failed).toBe(error);
    expect(await (await accepted).ending).toBe("end");
  });

  it("leaves an end that is on its way to itself", async () => {
    const { socket } = await dial(request(), { socket: { linger: false } }, context());
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.end();
    socket.destroy();
    await closed;
    expect(await (await accepted).ending).toMatch(/^(end|ECONNRESET)$/);
  });

  it("resets through a limit to the rate", async () => {
    const { duplex, side } = await open({ linger: false, maxTransferRate: 1000 });
    duplex.abort();
    expect(await side.ending).toBe("ECONNRESET");
  });
});

describe("socket.linger in seconds", () => {
  it.each([{}, { maxTransferRate: 1_000_000 }])(
    "is an orderly end where the server ends in time, with %o",
    async (more) => {
      const { duplex, side } = await open({ ...more, linger: 10 });
      fakeTimers();
      const closing = duplex.writable.close();
      expect(await side.ending).toBe("end");
      await closing;
      expect(vi.getTimerCount()).toBe(1);
      side.socket.end();
      expect(await readAll(duplex, assert)).toBe(0);
      await duplex.closed;
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("resets when the server has not ended in time", async () => {
    const { duplex, side } = await open({ linger: 10 });
    fakeTimers();
    await duplex.writable.close();
    expect(await side.ending).toBe("end");
    vi.advanceTimersByTime(9_999);
    await new Promise((resolve) => side.socket.write("still there", resolve));
    expect(side.socket.errored).toBe(null);
    const over = expect(duplex.closed).rejects.toThrow(
      /^The connection to 127\.0\.0\.1:\d+ was lost: it had not ended when the time of socket\.linger was over$/,
    );
    vi.advanceTimersByTime(1);
    await over;
    const failed = new Promise((resolve) => side.socket.on("error", resolve));
    side.socket.write("gone");
    expect(await failed).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) as string });
  });

  it("resets when the server does not take the rest in time", async () => {
    const { duplex, side } = await open({ linger: 10 });
    side.socket.pause();
    const stalled = await stallWriting(duplex);
    fakeTimers();
    const resets = vi.spyOn(Socket.prototype, "resetAndDestroy");
    duplex.abort();
    await expect(stalled.finish()).rejects.toThrow(TransportError);
    vi.advanceTimersByTime(9_999);
    expect(resets).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(resets).toHaveBeenCalledOnce();
    side.socket.resume();
    await side.ending;
    expect(side.received).toBeLessThan(stalled.written());
  });

  it("delivers what the socket has been given when it is aborted", async () => {
    const { duplex, side } = await open({ linger: 10 });
    side.socket.pause();
    const stalled = await stallWriting(duplex);
    fakeTimers();
    duplex.abort();
    await expect(stalled.finish()).rejects.toThrow(TransportError);
    side.socket.resume();
    expect(await side.ending).toBe("end");
    side.socket.end();
    await once(side.socket, "close");
  });

  it("of 0 resets as soon as the end is on its way", async () => {
    const { duplex, side } = await open({ linger: 0 });
    await duplex.writable.close();
    await expect(duplex.closed).rejects.toThrow("when the time of socket.linger was over");
    expect(await side.ending).toMatch(/^(end|ECONNRESET)$/);
  });
});
