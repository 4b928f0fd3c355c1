import { parseException, type HostAndPort } from "./exceptions.ts";

/** `process.env`, or what stands in for it. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** A proxy that the environment names, and the variable that does. */
export interface SystemProxy {
  readonly url: string;
  readonly variable: string;
}

const tlsSchemes: ReadonlySet<string> = new Set(["mqtts:", "ssl:", "tls:", "wss:"]);

/**
 * The proxy for a target by the conventions of the environment: `HTTPS_PROXY` for schemes with TLS, `HTTP_PROXY` for
 * `ws:`, and `ALL_PROXY` for those without one, and for plain MQTT, which none of the others is meant for. Each may also
 * be written in lower case, which wins; an empty one counts as absent.
 */
export function findSystemProxy(
  { scheme, ...target }: HostAndPort & { readonly scheme: string },
  environment: ProxyEnvironment,
): SystemProxy | undefined {
  const exceptions = read(environment, "NO_PROXY")?.value.split(/[\s,]+/) ?? [];
  // What makes no sense here is skipped: other programs read the list too, and may know more.
  if (exceptions.some((entry) => parseException(entry)?.(target))) return undefined;
  const own = tlsSchemes.has(scheme)
    ? read(environment, "HTTPS_PROXY")
    : scheme === "ws:"
      ? readHttpProxy(environment)
      : undefined;
  const found = own ?? read(environment, "ALL_PROXY");
  if (found === undefined) return undefined;
  const { value, variable } = found;
  // Many write only host and port.
  return { url: value.includes("://") ? value : `http://${value}`, variable };
}

/** A CGI program has the request's header `Proxy` in the variable in capitals: anybody may have sent it. */
function readHttpProxy(environment: ProxyEnvironment): ReturnType<typeof read> {
  const isCgi = environment["REQUEST_METHOD"] !== undefined;
  return read(isCgi ? { http_proxy: environment["http_proxy"] } : environment, "HTTP_PROXY");
}

function read(
  environment: ProxyEnvironment,
  name: string,
): { readonly value: string; readonly variable: string } | undefined {
  for (const variable of [name.toLowerCase(), name]) {
    const value = environment[variable]?.trim();
    if (value !== undefined && value !== "") return { value, variable };
  }
  return undefined;
}
