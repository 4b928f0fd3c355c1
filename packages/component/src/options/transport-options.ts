import type { ProxyOptions, SocketOptions } from "rivulet";
import type { Core } from "../core.ts";
import { proxyOptions } from "./proxy-options.ts";
import { readServer } from "./server-url.ts";
import { refuseSocketFields } from "./socket-fields.ts";

/** What goes into the options of `MqttClient`; absent where the platform makes the connection by itself. */
export interface OwnTransportOptions {
  readonly socket?: SocketOptions;
  readonly proxy?: ProxyOptions;
}

/**
 * The sockets' settings and the firewall's.
 *
 * @throws MQTTError as `readServer`; 10045 or 118 for what has been set and this platform does not have; 118 for a firewall
 * that cannot be what the settings say.
 */
export function transportOptions(core: Core): OwnTransportOptions {
  const server = readServer(core);
  const { hasSockets, hasWebSocketSockets = hasSockets } = core.platform;
  if (!(server.isWebSocket ? hasWebSocketSockets : hasSockets)) {
    refuseSocketFields(core);
    return {};
  }
  const proxy = proxyOptions(core, server);
  return { socket: socketOptions(core), ...(proxy && { proxy }) };
}

/** The sockets' settings, all of them: the defaults are others than those of `MqttClient`. */
function socketOptions({ settings: { socket }, platform }: Core): SocketOptions {
  const { localHost, localPort, keepAliveTimeMs, lingerTime, maxTransferRate } = socket;
  const sendBufferBytes = readBufferBytes(socket.outBufferSize);
  const receiveBufferBytes = readBufferBytes(socket.inBufferSize);
  const linger = socket.linger ? lingerTime || undefined : false;
  return {
    family: ([4, 6, "prefer6"] as const)[socket.useIPv6],
    // Where nothing can be delayed, the default is what there is.
    ...(platform.hasDelay === false ? {} : { noDelay: socket.tcpNoDelay }),
    keepAlive: socket.tcpKeepAlive && (keepAliveTimeMs === undefined || { initialDelayMs: keepAliveTimeMs }),
    ...(localHost === "" ? {} : { localAddress: localHost }),
    ...(localPort === 0 ? {} : { localPort }),
    ...(linger === undefined ? {} : { linger }),
    ...(maxTransferRate === 0 ? {} : { maxTransferRate: { send: maxTransferRate } }),
    ...(sendBufferBytes === undefined ? {} : { sendBufferBytes }),
    ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }),
  };
}

const maxBufferBytes = 2 ** 30;

/** What is too large or too small is as documented not an error, but as if it had not been set. */
function readBufferBytes(bytes: number | undefined): number | undefined {
  return bytes !== undefined && bytes >= 1 && bytes <= maxBufferBytes ? bytes : undefined;
}
