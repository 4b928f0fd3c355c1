import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A port whose queue of connections is full, and stays so: whoever connects to it hears nothing. */
export interface SilentHost {
  readonly port: number;
  close(): Promise<void>;
}

const program = `
  const server = require("node:net").createServer();
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    require("node:fs").writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000); // longer than any test takes
    process.exit();
  });
`;

/** The port is on 127.0.0.1; on other addresses of the machine it is free. */
export async function startSilentHost(): Promise<SilentHost> {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill); // a test run that dies leaves nothing behind
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(text);
  // The system takes one more than was asked for.
  const queued: Socket[] = [];
  for (let count = 0; count < 2; count++) {
    const socket = connect({ host: "127.0.0.1", port });
    queued.push(socket);
    socket.on("error", ignore);
    await once(socket, "connect");
  }
  return {
    port,
    async close() {
      const exited = once(child, "exit");
      process.off("exit", kill);
      kill();
      await exited;
      for (const socket of queued) socket.destroy();
    },
  };
}

function ignore(): void {}
