import { lookup } from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { TransportError, type SocketOptions, type TlsOptions } from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import { untilAborted } from "../until-aborted.ts";
import type { HostAndPort } from "./exceptions.ts";
import { connectByHttp } from "./http-connect.ts";
import { loadSocks, type SocksLibrary } from "./load-socks.ts";
import { proxyNotSecure, proxyUnreachable, ServerUnreachableError } from "./proxy-errors.ts";
import type { ResolvedProxy } from "./resolved-proxy.ts";
import { connectBySocks } from "./socks-connect.ts";

/** What the way through a proxy is made of. */
export interface ProxyTools {
  /** Connects over TCP, with the user's options for sockets. */
  connect(address: { readonly host: string; readonly port: number }): Promise<Socket>;
  /** Makes TLS to an `https:` proxy on a connected socket. */
  secure(socket: Socket, proxy: HostAndPort, options: TlsOptions): Promise<Socket>;
  readonly signal: AbortSignal;
  report(status: string, reached?: "proxy"): void;
  /** Told the address of the server that the proxy has connected to, unless it was asked for a name. */
  readonly found?: ((serverAddress: string) => void) | undefined;
  /** Which addresses of the server are asked for, where its name is resolved here. Default: `"any"`. */
  readonly family?: SocketOptions["family"];
  /** The addresses of a host name, of one family or (0) of both. Default: the system's. */
  readonly lookUp?: ((hostname: string, family: 0 | 4 | 6) => Promise<readonly string[]>) | undefined;
  readonly loadSocks?: (() => Promise<SocksLibrary>) | undefined;
}

/**
 * Connects to a server through a proxy. The socket that it resolves with is as one that has just connected to the server:
 * what has come behind the proxy's answer is still to be read from it. Take it over in the same turn.
 *
 * A server that is resolved here and has several addresses is asked for by one after the other.
 *
 * @throws TransportError that says which hop failed, UnsupportedError where the library for SOCKS is not installed, what
 * `connect` and `secure` throw beside TransportErrors, or the signal's reason. Nothing is left behind then.
 */
export async function openThroughProxy(target: HostAndPort, proxy: ResolvedProxy, tools: ProxyTools): Promise<Socket> {
  const { signal } = tools;
  signal.throwIfAborted();
  if (!/^[\x21-\x7e]{1,255}$/.test(target.hostname)) {
    throw new TransportError(`A proxy cannot be asked for a host with the name ${JSON.stringify(target.hostname)}`);
  }
  const isHttp = proxy.scheme === "http:" || proxy.scheme === "https:";
  const library = isHttp ? undefined : await untilAborted(signal, loadSocks(tools.loadSocks));
  const hostnames = await untilAborted(signal, namesToAskFor(target.hostname, proxy, tools));
  let failure: unknown;
  for (const hostname of hostnames) {
    try {
      return await attempt({ hostname, port: target.port }, { proxy, library, tools });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ServerUnreachableError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

interface AttemptParts {
  readonly proxy: ResolvedProxy;
  readonly library: SocksLibrary | undefined;
  readonly tools: ProxyTools;
}

async function attempt(target: HostAndPort, { proxy, library, tools }: AttemptParts): Promise<Socket> {
  const { signal } = tools;
  signal.throwIfAborted();
  tools.report(`connecting to the proxy ${proxy.address}`);
  const socket = await openProxy(proxy, tools);
  tools.report(`asking the proxy for ${formatAddress(target)}`);
  await (library === undefined
    ? connectByHttp(socket, target, { proxy, signal })
    : connectBySocks(socket, target, { proxy, signal, library }));
  if (isIP(target.hostname) !== 0) tools.found?.(target.hostname);
  tools.report(`connected through the proxy ${proxy.address}`, "proxy");
  // A listener of the report may have aborted.
  if (signal.aborted) socket.destroy();
  signal.throwIfAborted();
  return socket;
}

async function openProxy(proxy: ResolvedProxy, tools: ProxyTools): Promise<Socket> {
  const { hostname, port, tls } = proxy;
  let socket: Socket;
  try {
    socket = await tools.connect({ host: hostname, port });
  } catch (error) {
    throw error instanceof TransportError ? proxyUnreachable(proxy, error) : error;
  }
  if (proxy.scheme !== "https:") return socket;
  try {
    tools.signal.throwIfAborted();
    return await tools.secure(socket, { hostname, port }, tls);
  } catch (error) {
    socket.destroy();
    throw proxyNotSecure(proxy, error);
  }
}

async function namesToAskFor(
  hostname: string,
  proxy: ResolvedProxy,
  { family = "any", lookUp = lookUpByTheSystem }: ProxyTools,
): Promise<readonly string[]> {
  if (proxy.resolveNames === "proxy" || isIP(hostname) !== 0) return [hostname];
  const isSocks4 = proxy.scheme === "socks4:" || proxy.scheme === "socks4a:";
  const wanted = isSocks4 ? 4 : family === 4 || family === 6 ? family : 0;
  let found: readonly string[];
  try {
    found = await lookUp(hostname, wanted);
  } catch (cause) {
    throw new TransportError(`Cannot look up ${hostname} to tell its address to the proxy: ${whyNot(cause)}`, {
      cause,
    });
  }
  const addresses = found.filter((address) => wanted === 0 || isIP(address) === wanted);
  if (addresses.length === 0) {
    const kind = wanted === 0 ? "" : isSocks4 ? " of IPv4, and SOCKS4 takes no other" : ` of IPv${wanted}`;
    throw new TransportError(`${hostname} has no address${kind}`);
  }
  if (family !== "prefer6") return addresses;
  return [...addresses].sort((one, other) => isIP(other) - isIP(one));
}

async function lookUpByTheSystem(hostname: string, family: 0 | 4 | 6): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, family, verbatim: true });
  return found.map(({ address }) => address);
}

function whyNot(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOTFOUND") return "host name not found";
  if (code === "EAI_AGAIN") return "it could not be looked up for now";
  return cause instanceof Error ? cause.message : String(cause);
}
