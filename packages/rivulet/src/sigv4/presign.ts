/** A key pair of AWS; both are secrets, the second one of great value. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A GET request without a body that is signed in its query. */
export interface PresignRequest {
  readonly keys: AwsKeys;
  /** As in the header: with the port where that is not the scheme's own. */
  readonly host: string;
  /** Of unreserved characters and slashes only: what would have to be encoded is not foreseen. */
  readonly path: string;
  readonly region: string;
  readonly service: string;
  /** When it begins to be valid. */
  readonly date: Date;
  readonly expiresSeconds: number;
}

const encoder = new TextEncoder();
const algorithm = "AWS4-HMAC-SHA256";

/** The query that makes the request a signed one: Signature Version 4, with the header `Host` alone. */
export async function presign(request: PresignRequest): Promise<string> {
  const { keys, host, path, region, service, expiresSeconds } = request;
  const date = request.date.toISOString().replace(/[-:]|\.\d+/g, ""); // Such as 20150830T123600Z.
  const scope = [date.slice(0, 8), region, service, "aws4_request"];
  // In the order of their names, as what is signed has them.
  const query = [
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", [keys.accessKeyId, ...scope].join("/")],
    ["X-Amz-Date", date],
    ["X-Amz-Expires", String(expiresSeconds)],
    ["X-Amz-SignedHeaders", "host"],
  ]
    .map(([name = "", value = ""]) => `${name}=${encodeStrictly(value)}`)
    .join("&");
  const canonical = ["GET", path, query, `host:${host}`, "", "host", await sha256("")].join("\n");
  const signed = [algorithm, date, scope.join("/"), await sha256(canonical)].join("\n");
  let key: Uint8Array<ArrayBuffer> = encoder.encode(`AWS4${keys.secretAccessKey}`);
  for (const text of [...scope, signed]) key = await hmac(key, text);
  return `${query}&X-Amz-Signature=${hexadecimal(key)}`;
}

/** Everything but RFC 3986's unreserved characters is escaped; the platform leaves a few more. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function sha256(text: string): Promise<string> {
  return hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
