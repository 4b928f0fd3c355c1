import type { Duplex, Transport, TransportContext, TransportOptions, TransportTarget } from "@rivulet/engine";

/** A target by its URL. */
export function targetOf(url: string): TransportTarget {
  const { protocol: scheme, hostname, port, pathname: path } = new URL(url);
  return { url, address: url, scheme, hostname, port: Number(port), path: path || "/" };
}

/** A context that accepts whatever is acceptable. */
export function contextOf(signal: AbortSignal = new AbortController().signal): TransportContext {
  return { signal, report: () => undefined, verify: ({ accept }) => accept };
}

/** Why a transport does not open; undefined when it does. */
export async function failure(
  transport: Transport,
  url: string,
  options: TransportOptions | object = {},
): Promise<unknown> {
  let duplex: Duplex;
  try {
    duplex = await transport.open(targetOf(url), options, contextOf());
  } catch (error) {
    return error;
  }
  duplex.abort();
  return undefined;
}
