import { UnsupportedError } from "@rivulet/engine";
import { dial, tcp } from "@rivulet/node";
import { createNodeWebSocket } from "@rivulet/websocket/node";
import { expect, it } from "vitest";
import { connect } from "./node.ts";

it("knows the schemes of what it has not loaded yet", async () => {
  const schemes = [...tcp.schemes, ...createNodeWebSocket(dial).schemes];
  const failed = connect("gopher://127.0.0.1");
  await expect(failed).rejects.toThrow(UnsupportedError);
  await expect(failed).rejects.toThrow(`there are ${schemes.join(" ")}`);
});
