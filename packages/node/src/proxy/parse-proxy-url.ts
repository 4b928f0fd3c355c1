import { InvalidOptionError } from "@rivulet/engine";
import { formatAddress } from "../socket-errors.ts";
import { proxySchemes, type ProxyScheme, type ResolvedProxy } from "./resolved-proxy.ts";

/** What a proxy's URL says. */
export type ProxyUrl = Pick<ResolvedProxy, "scheme" | "hostname" | "port" | "address" | "username" | "password">;

/** Where a URL comes from: the option that an error names, and how its sentence begins. */
export interface UrlOrigin {
  readonly option: string;
  readonly label: string;
}

const defaultPorts: Readonly<Record<ProxyScheme, number>> = {
  "http:": 80,
  "https:": 443,
  "socks4:": 1080,
  "socks4a:": 1080,
  "socks5:": 1080,
  "socks5h:": 1080,
};

/**
 * Takes a proxy's URL apart. No error repeats it: it may hold a password, and a broken one may hold it anywhere.
 *
 * @throws InvalidOptionError when it is none.
 */
export function parseProxyUrl(text: string, { option, label }: UrlOrigin): ProxyUrl {
  const invalid = (what: string): InvalidOptionError => new InvalidOptionError(option, `${label} ${what}`);
  // A scheme of our own choosing only counts with its slashes: `user:secret@proxy` has none.
  const schemeOf = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(text)?.[1]?.toLowerCase();
  if (schemeOf === undefined) throw invalid(`must be a URL that begins with ${schemes()}`);
  const scheme = proxySchemes.find((one) => one === schemeOf);
  if (scheme === undefined) throw invalid(`must be a URL that begins with ${schemes()}, not with ${schemeOf}`);
  if (!URL.canParse(text)) throw invalid("is not a valid URL");
  const url = new URL(text);
  if (url.hostname === "") throw invalid("has no host");
  if (url.port === "0") throw invalid("has the port 0");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw invalid("has something behind the host and the port, where nothing has a meaning");
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? defaultPorts[scheme] : Number(url.port);
  return {
    ...{ scheme, hostname, port },
    address: `${scheme}//${formatAddress({ hostname, port })}`,
    username: decode(url.username, () => invalid("has a user name that is not percent-encoded as it should be")),
    password: decode(url.password, () => invalid("has a password that is not percent-encoded as it should be")),
  };
}

/** Undefined: there is none. */
function decode(text: string, invalid: () => InvalidOptionError): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Without the cause: it is of no help, and its message repeats what it was given on some platforms.
    throw invalid();
  }
}

function schemes(): string {
  return `${proxySchemes.slice(0, -1).join(", ")} or ${proxySchemes.at(-1) ?? ""} and two slashes`;
}
