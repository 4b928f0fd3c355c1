/**
 * Connects over TCP to a host by its name or address.
 *
 * Where a name has several addresses they are tried in the way of RFC 8305: one after the other, the families in turn,
 * each as soon as the one before has failed or has kept silent for a moment. The first that connects is taken and the
 * others are ended. Node's own way (`autoSelectFamily`) gives up each address but the last after that moment, so that it
 * never gets through where connecting merely takes long; and it does not heed a local address.
 */

import { lookup } from "node:dns/promises";
import { isIP, type NetConnectOpts, type Socket, type SocketConstructorOpts } from "node:net";
import type { DuplexOptions } from "node:stream";
import { InvalidOptionError } from "@rivulet/engine";
import { connectSocket } from "./connect-socket.ts";
import { connectionAttemptDelayMs } from "./limits.ts";
import { untilAborted } from "./until-aborted.ts";
import { connectError, formatAddress } from "./socket-errors.ts";
import type { ResolvedSocketOptions } from "./socket-options.ts";

/** A host name or address (IPv6 without brackets), and a port. */
export interface HostAndPort {
  readonly hostname: string;
  readonly port: number;
}

/** The addresses of a host name, of one family or (0) of both, as the system orders them. */
export type LookUp = (hostname: string, family: 0 | 4 | 6) => Promise<readonly string[]>;

/**
 * @throws TransportError when it cannot be connected to, InvalidOptionError when `localAddress` is none or not of the
 * family, or the signal's reason. Nothing is left behind then.
 */
export async function connectTcp(
  target: HostAndPort,
  given: ResolvedSocketOptions,
  signal: AbortSignal,
  lookUp: LookUp = lookUpByTheSystem,
): Promise<Socket> {
  signal.throwIfAborted();
  const wanted = { family: given.family, hostname: target.hostname };
  const options = isName(given.localAddress)
    ? { ...given, localAddress: await untilAborted(signal, findLocalAddress(given.localAddress, wanted, lookUp)) }
    : given;
  const family = chooseFamily(options);
  try {
    const addresses = await untilAborted(signal, findAddresses(target.hostname, family, options, lookUp));
    return await connectFirst(
      addresses,
      (host, given) => connectSocket(socketOptions(host, target.port, options), given),
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    throw connectError(formatAddress(target), error);
  }
}

function isName(localAddress: string | undefined): localAddress is string {
  return localAddress !== undefined && isIP(localAddress) === 0;
}

/** The address that a name of this machine stands for; where the server is an address, one of its family. */
async function findLocalAddress(
  name: string,
  { family, hostname }: { readonly family: ResolvedSocketOptions["family"]; readonly hostname: string },
  lookUp: LookUp,
): Promise<string> {
  const wanted = familyNumber(family) || familyOf(hostname);
  let cause: unknown;
  const addresses = await lookUp(name, wanted).catch((error: unknown) => {
    // Later there may be an answer.
    if (error instanceof Error && "code" in error && error.code === "EAI_AGAIN") throw connectError(name, error);
    cause = error;
    return [];
  });
  const first = family === "prefer6" ? addresses.find((address) => isIP(address) === 6) : undefined;
  const address = first ?? addresses[0];
  if (address !== undefined) return address;
  const kind = wanted === 0 ? "an IP address" : `an address of IPv${wanted}`;
  const message = `socket.localAddress is ${kind} of this machine or a name for one, not ${JSON.stringify(name)}`;
  throw new InvalidOptionError("socket.localAddress", message, { cause });
}

function familyNumber(family: ResolvedSocketOptions["family"]): 0 | 4 | 6 {
  return family === 4 || family === 6 ? family : 0;
}

/** 0: a name. */
function familyOf(hostname: string): 0 | 4 | 6 {
  const family = isIP(hostname);
  return family === 4 || family === 6 ? family : 0;
}

/** 0: both. */
function chooseFamily({ localAddress, family }: ResolvedSocketOptions): 0 | 4 | 6 {
  const asked = familyNumber(family);
  if (localAddress === undefined) return asked;
  const local = isIP(localAddress) === 4 ? 4 : 6;
  if (asked !== 0 && asked !== local) {
    const message = `socket.localAddress ${localAddress} is not of IPv${asked}, which socket.family asks for`;
    throw new InvalidOptionError("socket.localAddress", message);
  }
  return local;
}

async function findAddresses(
  hostname: string,
  family: 0 | 4 | 6,
  options: ResolvedSocketOptions,
  lookUp: LookUp,
): Promise<readonly string[]> {
  const itself = isIP(hostname);
  if (itself !== 0) {
    if (family === 0 || family === itself) return [hostname];
    const option = options.family === family ? "socket.family" : "socket.localAddress";
    throw coded("ERR_INVALID_ADDRESS_FAMILY", `it is not an address of IPv${family}, which ${option} asks for`);
  }
  const addresses = await lookUp(hostname, family);
  if (addresses.length === 0) throw coded("ENODATA", "the host name has no address");
  const first = options.family === "prefer6" ? 6 : isIP(addresses[0] ?? "");
  const one = addresses.filter((address) => isIP(address) === first);
  const other = addresses.filter((address) => isIP(address) !== first);
  return Array.from({ length: Math.max(one.length, other.length) }, (_, index) => [one[index], other[index]])
    .flat()
    .filter((address) => address !== undefined);
}

/** With the code that Node or the system has for it. */
function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

async function lookUpByTheSystem(hostname: string, family: 0 | 4 | 6): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, family, verbatim: true });
  return found.map(({ address }) => address);
}

function socketOptions(host: string, port: number, options: ResolvedSocketOptions): NetConnectOpts {
  const { localAddress, localPort, noDelay, keepAliveDelayMs } = options;
  return {
    ...{ host, port, noDelay },
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === 0 ? {} : { localPort }),
    // Node hands it on in whole seconds, and takes 0 for the system's.
    ...{
      keepAlive: keepAliveDelayMs !== undefined,
      keepAliveInitialDelay: Math.ceil((keepAliveDelayMs ?? 0) / 1000) * 1000,
    },
    ...streamOptions(options),
  };
}

/** What a socket is as a stream. Half-open, because the server may end its side before it has read all of ours. */
export function streamOptions(options: ResolvedSocketOptions): SocketConstructorOpts & DuplexOptions {
  return {
    allowHalfOpen: true,
    readableHighWaterMark: options.receiveBufferBytes,
    writableHighWaterMark: options.sendBufferBytes,
  };
}

type ConnectOne = (address: string, signal: AbortSignal) => Promise<Socket>;

/** Settles with the first that connects, or when all have failed. */
function connectFirst(addresses: readonly string[], connectOne: ConnectOne, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const attempts = new AbortController();
    const errors: unknown[] = [];
    let next = 0;
    let timer: NodeJS.Timeout | undefined;

    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", handleAbort);
      attempts.abort();
    };
    const handleAbort = (): void => {
      end();
      const reason: unknown = signal.reason;
      reject(reason);
    };
    const handleSocket = (socket: Socket): void => {
      // Two may connect in the same turn.
      if (attempts.signal.aborted) socket.destroy();
      end();
      resolve(socket);
    };
    const handleError = (error: unknown): void => {
      if (attempts.signal.aborted) return;
      errors.push(error);
      if (errors.length < addresses.length) {
        startNext();
        return;
      }
      end();
      reject(errors.length === 1 ? asError(error) : new AggregateError(errors));
    };
    const startNext = (): void => {
      clearTimeout(timer);
      const address = addresses[next];
      if (address === undefined) return;
      next += 1;
      if (next < addresses.length) timer = setTimeout(startNext, connectionAttemptDelayMs);
      connectOne(address, attempts.signal).then(handleSocket, handleError);
    };
    signal.addEventListener("abort", handleAbort);
    startNext();
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
