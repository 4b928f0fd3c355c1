import { InvalidOptionError, type ConnectOptions, type ConnectTarget } from "@rivulet/engine";

/**
 * Who gives options for TLS means to have it: at least one of the URLs has to ask for it. What a function will return
 * is not known.
 *
 * @throws InvalidOptionError
 */
export function checkTls(target: ConnectTarget, { tls, transports }: ConnectOptions): void {
  if (tls === undefined || transports !== undefined || typeof target === "function") return;
  const urls = [target].flat();
  if (urls.some((url) => /^(mqtts|ssl|tls|wss):/i.test(String(url)))) return;
  throw new InvalidOptionError("tls", "There are options for TLS, and no URL that asks for it, as mqtts: and wss: do");
}
