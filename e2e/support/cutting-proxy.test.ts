import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CutPlan } from "../scenarios/fault-calls.ts";
import { CuttingProxy } from "./cutting-proxy.ts";

let server: Server;
let arrived: { bytes: number; readonly socket: Socket }[];
const proxies: CuttingProxy[] = [];

beforeEach(async () => {
  arrived = [];
  // It sends 1,000 bytes for each byte that it gets.
  server = createServer((socket) => {
    const connection = { bytes: 0, socket };
    arrived.push(connection);
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Uint8Array) => {
        connection.bytes += chunk.byteLength;
        socket.write(new Uint8Array(1_000 * chunk.byteLength));
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
  server.close();
  await once(server, "close");
});

async function open(plan?: CutPlan): Promise<{ proxy: CuttingProxy; port: number }> {
  const proxy = new CuttingProxy((server.address() as AddressInfo).port, plan); // listening on TCP
  proxies.push(proxy);
  return { proxy, port: await proxy.listen() };
}

/** Sends bytes and counts what comes back, until the connection is over. */
async function converse(port: number, bytes: number): Promise<number> {
  let count = 0;
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.on("data", (chunk: Uint8Array) => (count += chunk.byteLength));
  socket.write(new Uint8Array(bytes));
  await new Promise((resolve) => socket.on("close", resolve)); // `once` would reject for the error that a cut may be
  return count;
}

test("carries bytes both ways until it is told to cut", async () => {
  const { proxy, port } = await open();
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(new Uint8Array(3));
  let count = 0;
  for await (const chunk of socket) {
    count += (chunk as Uint8Array).byteLength;
    if (count === 3_000) proxy.cut();
  }
  expect([arrived[0]?.bytes, count, proxy.cuts]).toEqual([3, 3_000, 0]);
});

test("cuts after the bytes of the plan in the direction to the server", async () => {
  const { proxy, port } = await open({ seed: 1, cuts: 2, up: [5, 10] });
  await converse(port, 20);
  await converse(port, 20);
  for (const { bytes } of arrived) expect(bytes).toBeLessThan(10);
  expect(proxy.cuts).toBe(2);
});

test("cuts after the bytes of the plan in the direction to the client", async () => {
  const { proxy, port } = await open({ seed: 1, cuts: 3, down: [500, 900] });
  for (let round = 0; round < 3; round++) expect(await converse(port, 1)).toBeLessThan(900);
  expect(proxy.cuts).toBe(3);
});

test("a connection that ends before its cut leaves it to another one", async () => {
  const { proxy, port } = await open({ seed: 1, cuts: 1, up: [5, 10] });
  const socket = connect(port, "127.0.0.1").end(new Uint8Array(1)).resume();
  await once(socket, "close");
  expect(proxy.cuts).toBe(0);
  await converse(port, 20);
  expect(proxy.cuts).toBe(1);
});

test("connections of after the last cut last", async () => {
  const { proxy, port } = await open({ seed: 1, cuts: 1, up: [5, 10] });
  await converse(port, 20);
  const socket = connect(port, "127.0.0.1");
  socket.write(new Uint8Array(20));
  let count = 0;
  for await (const chunk of socket) {
    count += (chunk as Uint8Array).byteLength;
    if (count === 20_000) break;
  }
  expect(proxy.cuts).toBe(1);
});

test("new connections wait while it is held", async () => {
  const { proxy, port } = await open();
  proxy.hold();
  const socket = connect(port, "127.0.0.1");
  socket.write(new Uint8Array(1));
  await once(socket, "connect");
  expect(arrived).toHaveLength(0);
  proxy.release();
  await once(socket, "data");
  expect(arrived).toHaveLength(1);
  socket.destroy();
});
