import type { Duplex, TransportTarget } from "@rivulet/engine";
import { gatherMessages } from "./gather-messages.ts";
import { longestPollMs, outboundHighWaterMarkBytes, shortestPollMs } from "./limits.ts";
import { createMessageDuplex } from "./message-duplex.ts";
import { closedError, connectionError, constructionError, subprotocolError } from "./web-socket-errors.ts";
import type { OpenWebSocket } from "./web-socket-transport.ts";

/** Opens the platform's own WebSocket. The signal matters until it is open. */
export const openPlatformWebSocket: OpenWebSocket = async (
  { url, address },
  { webSocket: { protocols } },
  { signal },
): Promise<Duplex> => {
  const socket = createSocket({ url, address }, protocols);
  socket.binaryType = "arraybuffer";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let poll = (_delayMs?: number): void => {};
  const [add, handOver, endGathering] = gatherMessages((bytes) => {
    poll();
    duplex.receive(bytes);
  });
  // It is there before the connection is, so that one set of handlers serves both and no message finds none.
  const duplex = createMessageDuplex(
    {
      send(chunk, done) {
        socket.send(chunk as Uint8Array<ArrayBuffer>); // What the engine writes is never shared memory.
        // There is no event for a `bufferedAmount` that falls: it is looked at, soon at first and then less often, and
        // whenever something comes: in a page that nobody looks at, timers are as slow as one a second, or a minute.
        poll = (delayMs = shortestPollMs): void => {
          clearTimeout(timer);
          if (socket.bufferedAmount > outboundHighWaterMarkBytes) {
            timer = setTimeout(poll, delayMs, Math.min(2 * delayMs, longestPollMs));
          } else done();
        };
        poll();
      },
      close(over) {
        clearTimeout(timer);
        socket.close(1000);
        if (!over) return;
        globalThis.removeEventListener?.("pagehide", onPageHide);
        endGathering();
      },
    },
    {
      transport: "websocket",
      url: address,
      get subprotocol() {
        return socket.protocol;
      },
    },
  );
  // A page that is kept for the way back loses its WebSockets, and hears of it long after it is back. Known at once, the
  // loss is over by then but for the connecting.
  const onPageHide = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) duplex.abort(connectionError(address, "the page was left"));
  };
  globalThis.addEventListener?.("pagehide", onPageHide); // Not in React Native.
  // Whoever aborts meets the signal's reason below, and nobody has the duplex that fails with the event.
  signal.addEventListener("abort", duplex.abort);
  let cause: Error | undefined;
  // Browsers tell nothing here, so that pages cannot explore a network; other platforms do. `close` follows.
  socket.onerror = (event) => {
    cause = (event as Partial<ErrorEvent>).error as Error | undefined;
  };
  socket.onclose = ({ code, reason }) => {
    poll = () => {}; // What waits to be sent will not be.
    handOver();
    duplex.abort(closedError(address, code, reason, cause));
  };
  socket.onmessage = ({ data }) => add(data as string | ArrayBuffer);
  try {
    await new Promise<void>((resolve, reject) => {
      duplex.closed.catch(reject);
      socket.onopen = () => {
        // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]; not every platform checks it.
        if (protocols.includes(socket.protocol)) resolve();
        else duplex.abort(subprotocolError(address, protocols, socket.protocol));
      };
    });
    return duplex;
  } finally {
    signal.removeEventListener("abort", duplex.abort);
    signal.throwIfAborted(); // Rather than what the abort has led to.
  }
};

function createSocket(
  { url, address }: Pick<TransportTarget, "url" | "address">,
  protocols: readonly string[],
): WebSocket {
  try {
    return new WebSocket(url, protocols as string[]); // It changes nothing there.
  } catch (cause) {
    throw constructionError(address, cause as Error);
  }
}
