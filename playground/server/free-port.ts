import { createServer } from "node:net";
import type { Server } from "node:net";

/** Listens on a loopback port (0: any free one) and resolves with the port it got. */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The server has no port"));
      else resolve(address.port);
    });
  });
}

/** Stops listening and resolves when the server is closed. Open connections are the caller's to end. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/**
 * Two loopback ports that were free a moment ago, for a program that cannot be told "any". Somebody else may take one
 * before the program does, so whoever uses this tries again when the program cannot listen.
 */
export async function freePorts(): Promise<[number, number]> {
  const first = createServer();
  const second = createServer();
  const ports: [number, number] = [await listenOnLoopback(first, 0), await listenOnLoopback(second, 0)];
  await Promise.all([closeServer(first), closeServer(second)]);
  return ports;
}
