import { describe, expect, it } from "vitest";
import { connectionEnded, connectionFailed, connectionReached } from "./connection-status.ts";

const ok = { statusCode: 0, description: "OK" };
const lost = { statusCode: 1120, description: "The server has closed the connection" };

describe("connectionReached", () => {
  it.each([
    ["proxy", "Firewall connection complete."],
    ["tls", "SSL or S/Shell handshake complete."],
    ["host", "Remote host connection complete."],
  ] as const)("tells of %s in the documented words", (reached, connectionEvent) => {
    expect(connectionReached(reached)).toEqual([{ connectionEvent, ...ok }]);
  });

  it("tells of nothing else", () => {
    expect(connectionReached(undefined)).toEqual([]);
  });
});

describe("connectionEnded", () => {
  const host = "Remote host disconnected.";
  const tls = "SSL or S/Shell connection broken.";
  const proxy = "Firewall host disconnected.";

  it.each([
    [undefined, [host]],
    [{ transport: "tcp", url: "mqtt://a:1883" }, [host]],
    [{ transport: "tls", url: "mqtts://a:8883" }, [host, tls]],
    // In a browser nothing but the URL tells.
    [{ transport: "websocket", url: "wss://a" }, [host, tls]],
    [{ transport: "tcp", url: "mqtt://a:1883", proxy: "http://b:80" }, [host, proxy]],
    [{ transport: "tls", url: "mqtts://a:8883", proxy: "http://b:80" }, [host, tls, proxy]],
  ])("of %j tells %j", (connection, events) => {
    expect(connectionEnded(connection, lost)).toEqual(events.map((connectionEvent) => ({ connectionEvent, ...lost })));
  });
});

describe("connectionFailed", () => {
  it("tells of what had been reached alone, from the top to the bottom", () => {
    expect(connectionFailed([], lost)).toEqual([]);
    expect(connectionFailed(["proxy", "tls"], lost).map(({ connectionEvent }) => connectionEvent)).toEqual([
      "SSL or S/Shell connection broken.",
      "Firewall host disconnected.",
    ]);
  });
});
