import type { TransportTarget } from "@rivulet/engine";
import { createMessageDuplex } from "./message-duplex.ts";
import { closedError, connectionError, invalidOption, subprotocolError } from "./web-socket-errors.ts";
import type { OpenOptions, OpenWebSocket } from "./web-socket-transport.ts";

/** What an upgrade by `fetch` leads to; the type libraries do not know of it. */
interface UpgradedResponse extends Response {
  readonly webSocket: FetchedWebSocket | null;
}

interface FetchedWebSocket extends WebSocket {
  /** Begins to deliver events. */
  accept(): void;
}

/** Opens a WebSocket as Workers do when headers are to go along. The signal matters until it is open. */
export const openFetchedWebSocket: OpenWebSocket = async (target, { webSocket: options }, { signal }) => {
  const { address } = target;
  const response = await upgrade(target, options, signal);
  const { status, headers, webSocket: socket } = response;
  if (!socket) {
    await response.body?.cancel();
    throw connectionError(address, `the server answered with the HTTP status ${status}`, { failure: "upgrade" });
  }
  const subprotocol = headers.get("sec-websocket-protocol") ?? "";
  socket.binaryType = "arraybuffer";
  const duplex = createMessageDuplex(
    {
      // Nothing tells how much waits to be sent.
      send(chunk, done) {
        attempt(() => socket.send(chunk as Uint8Array<ArrayBuffer>)); // What the engine writes is never shared memory.
        done();
      },
      close() {
        attempt(() => socket.close(1000));
      },
    },
    { transport: "websocket", url: address, subprotocol },
  );
  let cause: Error | undefined;
  socket.addEventListener("error", (event) => {
    cause = (event as ErrorEvent).error as Error | undefined;
    // It may be all that comes.
    duplex.abort(connectionError(address, cause?.message ?? "the connection was lost", { cause, closeCode: 1006 }));
  });
  socket.addEventListener("close", ({ code, reason }) => {
    duplex.abort(closedError(address, code, reason, cause));
  });
  socket.addEventListener("message", ({ data }) => {
    duplex.receive(typeof data === "string" ? undefined : new Uint8Array(data as ArrayBuffer));
  });
  socket.accept();
  // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]
  const error = options.protocols.includes(subprotocol)
    ? undefined
    : subprotocolError(address, options.protocols, subprotocol);
  if (error || signal.aborted) duplex.abort(error);
  signal.throwIfAborted();
  if (error) throw error;
  return duplex;
};

async function upgrade(
  { url, address }: TransportTarget,
  { protocols, headers }: OpenOptions["webSocket"],
  signal: AbortSignal,
): Promise<UpgradedResponse> {
  if (!protocols.every((name, index) => /^[!#$%&'*+\-.^_`|~\w]+$/.test(name) && protocols.indexOf(name) === index)) {
    throw invalidOption("protocols");
  }
  const all = readHeaders(headers);
  all.set("upgrade", "websocket");
  all.set("sec-websocket-protocol", protocols.join(", "));
  // A signal of our own, which ends with the attempt: the other one would go on, and close the connection.
  const controller = new AbortController();
  const onAbort = (): void => {
    controller.abort();
  };
  signal.addEventListener("abort", onAbort);
  try {
    const request = { headers: all, redirect: "manual", signal: controller.signal } as const;
    return (await fetch(url.replace(/^ws/i, "http"), request)) as UpgradedResponse;
  } catch (cause) {
    signal.throwIfAborted();
    throw connectionError(address, (cause as Error).message.replace(/\.$/, ""), { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function readHeaders(headers: OpenOptions["webSocket"]["headers"]): Headers {
  try {
    return new Headers(headers);
  } catch (cause) {
    throw invalidOption("headers", cause);
  }
}

/** What is done to a socket that has just closed throws; `close` tells of that. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // See above.
  }
}
