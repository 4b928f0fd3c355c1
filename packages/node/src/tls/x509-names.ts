import { DerElement, derTag, encodeDer } from "../keys/der.ts";

/** Attributes of names by their object identifiers: those of RFC 4514, and others that certificates have. */
const attributeNames: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.4", "SN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.12", "title"],
  ["2.5.4.15", "businessCategory"],
  ["2.5.4.17", "postalCode"],
  ["2.5.4.42", "GN"],
  ["2.5.4.46", "dnQualifier"],
  ["2.5.4.97", "organizationIdentifier"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);

/** Writes a name as RFC 4514 does: the last part first. */
export function formatName(name: DerElement): string {
  const parts = name.children().map((set) => set.children().map(formatAttribute).join("+"));
  return parts.reverse().join(",");
}

function formatAttribute(attribute: DerElement): string {
  const identifier = attribute.child(0).objectIdentifier();
  const value = attribute.child(1);
  const known = attributeNames.get(identifier);
  const text = known === undefined ? undefined : readText(value);
  if (known === undefined || text === undefined) {
    return `${known ?? identifier}=#${Buffer.from(value.bytes).toString("hex")}`;
  }
  return `${known}=${escapeValue(text)}`;
}

/** The characters that RFC 4514, 2.4, wants escaped. */
function escapeValue(text: string): string {
  return text
    .replaceAll(/[\\"+,;<>]/g, (character) => `\\${character}`)
    .replaceAll(/\p{Cc}/gu, (character) =>
      Buffer.from(character).toString("hex").toUpperCase().replaceAll(/../g, "\\$&"),
    )
    .replace(/^[ #]/, "\\$&")
    .replace(/(?<!\\) $/, "\\ ");
}

const t61String = 0x14;
const printableString = 0x13;
const ia5String = 0x16;
const numericString = 0x12;
const universalString = 0x1c;

/** The text of a string of ASN.1; undefined for what is none. */
function readText(value: DerElement): string | undefined {
  const bytes = Buffer.from(value.content);
  switch (value.tag) {
    case derTag.utf8String:
      return bytes.toString("utf8");
    case printableString:
    case ia5String:
    case numericString:
    case t61String:
      return bytes.toString("latin1");
    case derTag.bmpString:
      return readCodeUnits(bytes, 2);
    case universalString:
      return readCodeUnits(bytes, 4);
    default:
      return undefined;
  }
}

function readCodeUnits(bytes: Buffer, size: 2 | 4): string | undefined {
  if (bytes.length % size !== 0) return undefined;
  let text = "";
  for (let index = 0; index < bytes.length; index += size) {
    const code = bytes.readUIntBE(index, size);
    if (code > 0x10ffff) return undefined;
    text += size === 2 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  return text;
}

const primitive = 0x80;
const constructed = 0xa0;

/** Writes a GeneralName (RFC 5280, 4.2.1.6), such as `DNS:broker.example`. */
export function formatGeneralName(name: DerElement): string {
  const text = (): string => Buffer.from(name.content).toString("latin1");
  switch (name.tag) {
    case primitive | 1:
      return `email:${text()}`;
    case primitive | 2:
      return `DNS:${text()}`;
    case primitive | 6:
      return `URI:${text()}`;
    case primitive | 7:
      return `IP Address:${formatIpAddress(name.content)}`;
    case primitive | 8:
      return `Registered ID:${objectIdentifier(name.content)}`;
    case constructed | 4:
      return `DirName:${formatName(name.child(0))}`;
    case constructed | 0:
      return `othername:${name.child(0).objectIdentifier()}`;
    default:
      return `other:${Buffer.from(name.bytes).toString("hex")}`;
  }
}

function objectIdentifier(content: Uint8Array): string {
  return DerElement.parse(encodeDer(derTag.objectIdentifier, content)).objectIdentifier();
}

function formatIpAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return `#${Buffer.from(bytes).toString("hex")}`;
  const groups = Buffer.from(bytes).toString("hex").match(/..../g) ?? [];
  // The URL parser shortens as RFC 5952 asks.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
