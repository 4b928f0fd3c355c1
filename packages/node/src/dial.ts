import type { Socket } from "node:net";
import type { ConnectionInfo, TlsOptions, TransportContext, TransportOptions, TransportTarget } from "@rivulet/engine";
import { connectTcp, type HostAndPort } from "./connect-tcp.ts";
import { connectUnix } from "./connect-unix.ts";
import { setLinger } from "./linger.ts";
import { refuseWhatIsMissing } from "./runtime-limits.ts";
import { readSocketOptions, type ResolvedSocketOptions } from "./socket-options.ts";
import { ThrottledStream } from "./throttled-stream.ts";

/** A connection that nothing has been read from or written to. */
export interface Dialled {
  /** With TLS, a `TLSSocket`. With a limit to the rate, only what it has as a stream is there. */
  readonly socket: Socket;
  readonly info: ConnectionInfo;
}

/**
 * Opens what carries the bytes: a TCP or Unix socket, through a proxy if asked, with TLS on it where the scheme asks for
 * it, and with all that `socket` says. Reads no byte of what the server sends, and writes none of MQTT.
 *
 * @throws TransportError when it cannot be made, InvalidOptionError or UnsupportedError for an option, or the signal's
 * reason. Nothing is left behind then.
 */
export async function dial(
  target: TransportTarget,
  options: TransportOptions,
  context: TransportContext,
): Promise<Dialled> {
  const socketOptions = readSocketOptions(options.socket);
  const tls = tlsSchemes.has(target.scheme) ? (options.tls ?? noTlsOptions) : undefined;
  // What the runtime does not have it may not be able to judge either.
  refuseWhatIsMissing({ ...options, tls });
  if (tls !== undefined) (await loadTls()).readTlsOptions(tls);
  const { signal } = context;
  signal.throwIfAborted();
  context.report("connecting");
  const route =
    target.scheme === "mqtt+unix:"
      ? await routeToUnixSocket(target, { options, socketOptions, context })
      : await routeToHost(target, { options, socketOptions, context });
  const { carrier, socket } = route;
  try {
    context.report("connected", undefined, "host");
    // Whoever is told so may abort.
    signal.throwIfAborted();
  } catch (error) {
    carrier.destroy();
    throw error;
  }
  const { linger, maxTransferRate } = socketOptions;
  const top = maxTransferRate === undefined ? socket : new ThrottledStream(socket, maxTransferRate);
  if (linger !== undefined) setLinger({ top, socket, carrier }, linger);
  // Those who take it use it as a stream, which is what they do with TLS too.
  return { socket: top as Socket, info: { url: target.address, ...route.info } };
}

// Loaded when they are needed: they are most of the package, and of what they use of Node.
const loadTls = () => import("./tls/mod.ts");
const loadProxy = () => import("./proxy/mod.ts");

/** One object, so that sessions are taken up again: they are kept for the options that they were made with. */
const noTlsOptions: TlsOptions = {};

const tlsSchemes: ReadonlySet<string> = new Set(["mqtts:", "ssl:", "tls:", "wss:"]);

interface Request {
  readonly options: TransportOptions;
  readonly socketOptions: ResolvedSocketOptions;
  readonly context: TransportContext;
}

interface Route {
  /** What is at the bottom, and takes all that stands on it along when it goes. */
  readonly carrier: Socket;
  readonly socket: Socket;
  readonly info: Omit<ConnectionInfo, "url">;
}

async function routeToUnixSocket(
  target: TransportTarget,
  { options, socketOptions, context }: Request,
): Promise<Route> {
  const socket = await connectUnix(target, options, socketOptions, context.signal);
  return { carrier: socket, socket, info: { transport: "unix" } };
}

async function routeToHost(target: TransportTarget, { options, socketOptions, context }: Request): Promise<Route> {
  const { signal } = context;
  // Before there is anything that would have to be ended when this fails.
  const tlsModule = tlsSchemes.has(target.scheme) ? await loadTls() : undefined;
  const proxyModule = options.proxy === undefined ? undefined : await loadProxy();
  signal.throwIfAborted();
  const proxy = proxyModule?.resolveProxy(target, options.proxy);
  let carrier: Socket | undefined;
  let serverAddress: string | undefined;
  const connect = async (address: HostAndPort): Promise<Socket> => {
    carrier = await connectTcp(address, socketOptions, signal);
    return carrier;
  };
  try {
    let socket =
      proxyModule === undefined || proxy === undefined
        ? await connect(target)
        : await proxyModule.openThroughProxy(target, proxy, {
            connect: ({ host, port }) => connect({ hostname: host, port }),
            secure: async (unsafe, { hostname, port }, tls) => {
              const url = proxy.address;
              const secured = await (
                await loadTls()
              ).secure(unsafe, { url, address: url, scheme: "https:", hostname, port, path: "/" }, tls, context);
              return secured.socket;
            },
            signal,
            report: (status, reached) => {
              context.report(status, undefined, reached);
            },
            found: (address) => {
              serverAddress = address;
            },
            family: socketOptions.family,
          });
    // With TLS it is all through `carrier` that these are had.
    const { localAddress, localPort, remoteAddress, remotePort } = carrier ?? socket;
    const ends = { localAddress, localPort, remoteAddress, remotePort };
    const through = proxy === undefined ? {} : { proxy: proxy.address, serverAddress };
    let tls: Pick<ConnectionInfo, "tls"> = {};
    if (tlsModule !== undefined) {
      const secured = await tlsModule.secure(socket, target, options.tls ?? noTlsOptions, context);
      socket = secured.socket;
      tls = { tls: secured.info };
      context.report("secured", undefined, "tls");
    }
    const transport = tlsModule === undefined ? "tcp" : "tls";
    return { carrier: carrier ?? socket, socket, info: { transport, ...ends, ...through, ...tls } };
  } catch (error) {
    carrier?.destroy();
    throw error;
  }
}
