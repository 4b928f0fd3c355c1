import { TransportError, type TransportTarget } from "@rivulet/engine";

/** Host and port as they stand in a URL. */
export function formatAddress({ hostname, port }: Pick<TransportTarget, "hostname" | "port">): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

export function connectError(address: string, cause: unknown): TransportError {
  return new TransportError(`Cannot connect to ${address}: ${describe(cause)}`, { cause });
}

export function lostError(address: string, cause: unknown): TransportError {
  return new TransportError(`The connection to ${address} was lost: ${describe(cause)}`, { cause });
}

function describe(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "");
}
