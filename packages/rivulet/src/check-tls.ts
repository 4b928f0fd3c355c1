import { InvalidOptionError, type ConnectOptions, type ConnectTarget } from "@rivulet/engine";

/** Where other clients have them. */
const misplaced: readonly string[] = ["ca", "cert", "key", "pfx", "passphrase", "servername", "rejectUnauthorized"];

/**
 * Who gives options for TLS means to have it: at least one of the URLs has to ask for it. What a function will return
 * is not known. Those that stand outside of `tls` are no options.
 *
 * @throws InvalidOptionError
 */
export function checkTls(target: ConnectTarget, options: ConnectOptions): void {
  const { tls, transports } = options;
  const stray = misplaced.find((name) => Object.hasOwn(options, name));
  if (stray !== undefined) {
    const home = stray === "rejectUnauthorized" ? "tls.ca says whom to trust" : "those of TLS stand in tls";
    throw new InvalidOptionError(stray, `There is no option ${stray}: ${home}`);
  }
  if (tls === undefined || transports !== undefined || typeof target === "function") return;
  const urls = [target].flat();
  if (urls.some((url) => /^(mqtts|ssl|tls|wss):/i.test(String(url)))) return;
  throw new InvalidOptionError("tls", "There are options for TLS, and no URL that asks for it, as mqtts: and wss: do");
}
