import { InvalidOptionError, type SocketOptions } from "@rivulet/engine";

/**
 * Checks the options for sockets and fills in the defaults.
 *
 * @throws InvalidOptionError for an option that does not exist, or a value that is none.
 */
export function readSocketOptions(options: SocketOptions = {}): Required<SocketOptions> {
  for (const key of Object.keys(options)) {
    if (key !== "noDelay") throw new InvalidOptionError(`socket.${key}`, `There is no option socket.${key}`);
  }
  const noDelay: unknown = options.noDelay ?? true;
  if (typeof noDelay !== "boolean") {
    throw new InvalidOptionError("socket.noDelay", `socket.noDelay is true or false, not ${String(noDelay)}`);
  }
  return { noDelay };
}
