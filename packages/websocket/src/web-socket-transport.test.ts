import type { Duplex, TransportContext } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { quietContext } from "../testing/quiet-context.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

describe("a transport over WebSocket tells what stands", () => {
  const opened = { info: { transport: "websocket", url: "" } } as Duplex; // Nobody looks into it.

  it.each([
    ["ws:", [], ["host"]],
    ["wss:", [], ["tls", "host"]],
    // Whoever sees to TLS tells of it.
    ["wss:", ["tls"], ["host"]],
  ] as const)("of %s, where %j are its own affair: %j", async (scheme, supported, expected) => {
    const reached: unknown[] = [];
    const report: TransportContext["report"] = (_status, _about, milestone) => {
      if (milestone !== undefined) reached.push(milestone);
    };
    const transport = webSocketTransport(() => Promise.resolve(opened), "here", [...supported, "WebSocket"]);
    const url = `${scheme}//broker.example/`;
    const target = { url, address: url, scheme, hostname: "broker.example", port: 443, path: "/" };
    await transport.open(target, {}, quietContext({ report }));
    expect(reached).toEqual(expected);
  });
});
