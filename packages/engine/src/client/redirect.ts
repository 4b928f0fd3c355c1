import { reasonCodes } from "@rivulet/codec";
import { ConnectionRefusedError, ServerDisconnectError } from "../errors.ts";
import { serverReferencesLimit } from "../limits.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import { parseTarget, type ParsedTarget } from "../target.ts";
import type { TransportTarget } from "../transport.ts";

/** A name or address, or anything in brackets, and perhaps a port: no user, path or query can be slipped in. */
const reference = /^(\[[^\]]+\]|[^\s:/?#@[\]\\]+)(:\d+)?$/;

/** Where a server sends us. */
export interface Redirection {
  /** The servers to try, in order. */
  readonly targets: readonly ParsedTarget[];
  /** Whether the one that says so is gone for good (0x9D). */
  readonly isPermanent: boolean;
}

/**
 * Where the server behind `from` sends us with its refusal or its DISCONNECT (section 4.11), as far as the options
 * allow to go there; undefined when it does not, or nowhere that we may go to.
 */
export function redirection(error: unknown, from: ParsedTarget, options: ResolvedOptions): Redirection | undefined {
  if (!(error instanceof ConnectionRefusedError || error instanceof ServerDisconnectError)) return undefined;
  const { reasonCode, serverReference = "" } = error;
  const isPermanent = reasonCode === reasonCodes.serverMoved;
  if (!options.redirect || (!isPermanent && reasonCode !== reasonCodes.useAnotherServer)) return undefined;
  const { allow = (target: TransportTarget) => isSameHost(target, from.target) || !hasSecrets(from, options) } =
    options.redirect;
  const targets = serverReference
    .split(" ", serverReferencesLimit)
    .flatMap((text) => resolve(text, from))
    .filter(({ target }) => allow(target));
  return targets.length > 0 ? { targets, isPermanent } : undefined;
}

/** The same URL at another host; nothing when the reference cannot be read. */
function resolve(text: string, { target, credentials }: ParsedTarget): ParsedTarget[] {
  // An IPv6 address without its brackets.
  const host = /^[^[]*:[^[]*:/.test(text) ? `[${text}]` : text;
  if (!reference.test(host)) return [];
  try {
    return [{ target: parseTarget(`${target.scheme}//${host}${target.path}`).target, credentials }];
  } catch {
    return [];
  }
}

function isSameHost(one: TransportTarget, other: TransportTarget): boolean {
  return one.hostname.toLowerCase() === other.hostname.toLowerCase();
}

/** Whether a server would be told what only the one that it is meant for may know. */
function hasSecrets({ target, credentials }: ParsedTarget, options: ResolvedOptions): boolean {
  const { username, password, credentials: ask, will, authenticator, webSocket } = options;
  const { username: user, password: secret } = credentials;
  return (
    target.path.includes("?") ||
    [username, password, ask, will, authenticator, webSocket?.headers, user, secret].some(
      (value) => value !== undefined,
    )
  );
}
