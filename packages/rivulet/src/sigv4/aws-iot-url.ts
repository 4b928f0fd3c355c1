import { InvalidOptionError, UnsupportedError } from "@rivulet/engine";
import { encodeStrictly, presign } from "./presign.ts";

/** Credentials of AWS, for an hour or for ever. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** Options of `awsIotUrl`. */
export interface AwsIotUrlOptions {
  /** The host of the account, such as `"abc123-ats.iot.eu-west-1.amazonaws.com"`; with a port where it is not 443. */
  readonly endpoint: string;
  /** Such as `"eu-west-1"`. Default: what stands in the endpoint; a domain of one's own has none there. */
  readonly region?: string | undefined;
  /** The credentials, or who has some that are still good: asked for each URL. */
  readonly credentials: AwsCredentials | (() => AwsCredentials | Promise<AwsCredentials>);
  /** Default: `"/mqtt"`. */
  readonly path?: string | undefined;
  /** How long one can connect with the URL; a connection lives longer. 1 to 604,800. Default: 900. */
  readonly expiresSeconds?: number | undefined;
  /** When it is signed, in ms since 1970: AWS refuses a clock that is minutes off. Default: the system's time. */
  readonly now?: (() => number) | undefined;
}

const known: readonly string[] = ["endpoint", "region", "credentials", "path", "expiresSeconds", "now"];
const maxExpiresSeconds = 604_800;

/**
 * A `wss:` URL that AWS IoT takes for credentials, signed with Signature Version 4. It is good for some minutes: make a
 * new one for each attempt to connect. Its query is a secret, and no error or event of the client shows it.
 *
 * @throws (as a rejection) InvalidOptionError naming the option, without its value where that is secret;
 * UnsupportedError where there is no WebCrypto, as on pages that did not come over `https:` or from localhost; what
 * `credentials` rejects with.
 *
 * @example
 * ```ts no-run
 * import { connect } from "rivulet";
 * import { awsIotUrl, type AwsCredentials } from "rivulet/sigv4";
 *
 * declare function fetchCredentials(): Promise<AwsCredentials>;
 * const endpoint = "abc123-ats.iot.eu-west-1.amazonaws.com";
 * await using client = await connect(() => awsIotUrl({ endpoint, credentials: fetchCredentials }));
 * ```
 */
export async function awsIotUrl(options: AwsIotUrlOptions): Promise<string> {
  // Pages without a secure context have `crypto`, and not this part of it.
  if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) {
    const message =
      "Signing needs crypto.subtle, which pages have in a secure context only: over https: or from localhost";
    throw new UnsupportedError("crypto.subtle", message);
  }
  for (const name in options) {
    if (!known.includes(name)) throw new InvalidOptionError(name, `There is no option ${name}`);
  }
  const { endpoint, path = "/mqtt", expiresSeconds = 900, now = Date.now } = options;
  check("endpoint", endpoint, /^[\w-]+(\.[\w-]+)*(:\d{1,5})?$/);
  const { region = /\.iot\.([\w-]+)\.amazonaws\.com(\.cn)?$/.exec(endpoint)?.[1] } = options;
  check("region", region, /^[\w-]+$/);
  check("path", path, /^(\/[\w.~-]*)+$/);
  if (!(Number.isInteger(expiresSeconds) && expiresSeconds > 0 && expiresSeconds <= maxExpiresSeconds)) {
    const message = `expiresSeconds is an integer from 1 to ${maxExpiresSeconds}, not ${String(expiresSeconds)}`;
    throw new InvalidOptionError("expiresSeconds", message);
  }
  const { protocol, host, pathname } = new URL(`wss://${endpoint}${path}`); // Of the host it is in lower case, and without 443.
  const credentials = await readCredentials(options.credentials);
  const query = await presign({
    keys: credentials,
    host,
    path: pathname,
    region,
    service: "iotdevicegateway",
    date: new Date(now()),
    expiresSeconds,
  });
  const { sessionToken } = credentials;
  // AWS IoT wants it, and not in what is signed, unlike all other services.
  const token = sessionToken === undefined ? "" : `&X-Amz-Security-Token=${encodeStrictly(sessionToken)}`;
  return `${protocol}//${host}${pathname}?${query}${token}`;
}

async function readCredentials(given: AwsIotUrlOptions["credentials"]): Promise<AwsCredentials> {
  const credentials = typeof given === "function" ? await given() : given;
  const { accessKeyId, secretAccessKey, sessionToken = "none" } = (credentials as AwsCredentials | undefined) ?? {};
  for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey, sessionToken })) {
    if (typeof value === "string" && value !== "") continue;
    throw new InvalidOptionError(`credentials.${name}`, `credentials.${name} is missing or empty`);
  }
  return credentials;
}

function check(name: string, value: unknown, pattern: RegExp): asserts value is string {
  if (typeof value === "string" && pattern.test(value)) return;
  const what = value === undefined ? "is missing" : `${JSON.stringify(value)} is invalid`;
  throw new InvalidOptionError(name, `${name} ${what}`);
}
