import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Target, TargetConnection, TargetPeer } from "./script.ts";

const command = "mosquitto";
/** Debian keeps servers where an ordinary user's PATH does not look. */
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** mosquitto, as a process of its own; made by `start`. */
export class MosquittoTarget implements Target {
  readonly #port: number;
  /** Ends it, and leaves nothing behind. */
  readonly stop: () => Promise<void>;

  constructor(port: number, stop: () => Promise<void>) {
    this.#port = port;
    this.stop = stop;
  }

  /** Starts it on a free port; resolves when it is running. */
  static async start(): Promise<MosquittoTarget> {
    const directory = await mkdtemp(join(tmpdir(), "rivulet-mosquitto-"));
    const port = await freePort();
    const configuration = [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence false",
      "log_dest stderr",
      "max_inflight_messages 20",
    ];
    await writeFile(join(directory, "mosquitto.conf"), configuration.join("\n"));
    const child = spawn(command, ["-c", join(directory, "mosquitto.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: path },
    });
    const kill = (): void => void child.kill();
    process.once("exit", kill); // A run that dies leaves no broker behind.
    const exited = once(child, "exit");
    const stop = async (): Promise<void> => {
      kill();
      await exited;
      process.off("exit", kill);
      await rm(directory, { recursive: true });
    };
    const lines: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      lines.push(line);
      if (/mosquitto version \S+ running/.test(line)) return new MosquittoTarget(port, stop);
    }
    await stop();
    throw new Error(`mosquitto did not start:\n${lines.join("\n")}`);
  }

  async open(peer: TargetPeer): Promise<TargetConnection> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk: Uint8Array) => peer.received(chunk));
    socket.on("close", () => peer.closed());
    socket.on("error", () => undefined); // `close` follows.
    await once(socket, "connect");
    return { send: (bytes) => void socket.write(bytes), drop: () => void socket.destroy() };
  }

  async wait(delayMs: number): Promise<void> {
    await setTimeout(delayMs);
  }

  rest(): Promise<void> {
    return setImmediate();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
