/**
 * Tunnels by SOCKS4, 4a and 5. The library `socks` leads the conversation; it is not given the socket, but a stream in
 * front of it, that hands it one answer at a time and nothing behind the last one. What it finds on a socket beyond that,
 * it emits when nobody may be listening.
 */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TransportError } from "@rivulet/engine";
import type { HostAndPort } from "./exceptions.ts";
import { socksHandshakeMs } from "./limits.ts";
import type { SocksLibrary } from "./load-socks.ts";
import { proxyAnswered } from "./proxy-errors.ts";
import { readAnswer } from "./read-answer.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";
import { SocksAnswers } from "./socks-answers.ts";

export interface SocksContext {
  readonly proxy: ResolvedProxy;
  readonly signal: AbortSignal;
  readonly library: SocksLibrary;
}

/** After it, the socket carries the bytes of the server. Destroys it when it rejects. */
export async function connectBySocks(
  socket: Socket,
  target: HostAndPort,
  { proxy, signal, library }: SocksContext,
): Promise<void> {
  const version = proxy.scheme === "socks4:" || proxy.scheme === "socks4a:" ? 4 : 5;
  const answers = new SocksAnswers(version, proxy, target);
  // The library's timer keeps what it was given long after: it must not keep the socket.
  let outlet: Socket | undefined = socket;
  const channel = new Duplex({
    read: ignore,
    write: (bytes: Buffer, _encoding, done) => {
      outlet?.write(bytes);
      done();
    },
  });
  channel.on("error", ignore);
  let state: "talking" | "established" | "failed" = "talking";
  try {
    await readAnswer(socket, {
      ...{ proxy, signal },
      ask: () => {
        const client = createClient(library, { target, proxy, version, channel });
        client.on("established", () => {
          state = "established";
        });
        // Its errors are not passed on: each carries the options, with the password.
        client.on("error", () => {
          state = "failed";
        });
        withoutSecrets(() => client.connect(channel));
      },
      take: (bytes) => {
        const answer = answers.push(bytes);
        if (answer === undefined) return undefined;
        channel.emit("data", answer.bytes);
        const isOver = answer.rest !== undefined;
        if (state !== (isOver ? "established" : "talking")) throw proxyAnswered(proxy, "as no SOCKS proxy does");
        return answer.rest;
      },
    });
  } finally {
    outlet = undefined;
    channel.destroy();
  }
}

interface ClientParts {
  readonly target: HostAndPort;
  readonly proxy: ResolvedProxy;
  readonly version: 4 | 5;
  readonly channel: Duplex;
}

function createClient(
  { SocksClient }: SocksLibrary,
  { target, proxy, version, channel }: ClientParts,
): InstanceType<SocksLibrary["SocksClient"]> {
  const { hostname, port, username, password } = proxy;
  return withoutSecrets(
    () =>
      new SocksClient({
        command: "connect",
        destination: { host: target.hostname, port: target.port },
        proxy: {
          ...{ host: hostname, port, type: version },
          ...(username === undefined ? {} : { userId: username }),
          ...(password === undefined ? {} : { password }),
        },
        existing_socket: channel,
        timeout: socksHandshakeMs,
      }),
  );
}

function withoutSecrets<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    // Not as the cause, which carries the options.
    const why = error instanceof Error ? error.message : "for an unknown reason";
    throw new TransportError(`The library for SOCKS failed: ${why}`, { failure: "proxy" });
  }
}

function ignore(): void {}
