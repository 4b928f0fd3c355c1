/**
 * Names of subjects and issuers as the properties have them: `CN=broker, O="Example, Inc.", C=DE`. What has a comma or
 * another sign of the syntax in it stands in quotation marks, where a quotation mark or a backslash is doubled.
 */

interface Attribute {
  readonly type: string;
  readonly value: string;
}

/** The documented names of attributes, by those of `CertificateInfo`. */
const shortTypes: ReadonlyMap<string, string> = new Map([
  ["ST", "S"],
  ["EMAILADDRESS", "E"],
  ["EMAIL", "E"],
]);

/** Writes a name that `CertificateInfo` has, which is as in RFC 4514. */
export function formatSubject(name: string): string {
  const parts = parseName(name);
  if (parts === undefined) return name;
  return parts.map((part) => part.map(({ type, value }) => `${type}=${quote(value)}`).join("+")).join(", ");
}

/** Whether both have the same attributes, however they are written. */
export function isSameSubject(one: string, other: string): boolean {
  const [first, second] = [attributesOf(one), attributesOf(other)];
  if (first === undefined || second === undefined) return simplify(one) === simplify(other);
  return first.sort().join(",") === second.sort().join(",");
}

/** Whether the text, or each of the attributes, is part of the subject. */
export function containsSubject(subject: string, wanted: string): boolean {
  if (simplify(formatSubject(subject)).includes(simplify(wanted))) return true;
  const [present, searched] = [attributesOf(subject) ?? [], attributesOf(wanted)];
  if (searched === undefined) return false;
  return present.join(",").includes(searched.join(",")) || searched.every((attribute) => present.includes(attribute));
}

/** Attributes in a form that can be compared: case and white space do not count in them (RFC 4518). */
function attributesOf(name: string): string[] | undefined {
  return parseName(name)
    ?.flat()
    .map(({ type, value }) => `${type.toUpperCase()}=${simplify(value)}`);
}

function simplify(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

function quote(value: string): string {
  return /[,+"\\<>;]|^\s|\s$/.test(value) ? `"${value.replaceAll("\\", "\\\\").replaceAll('"', '""')}"` : value;
}

/** Each part of the name with its attributes, of which it hardly ever has several; undefined for what is no name. */
function parseName(name: string): Attribute[][] | undefined {
  if (name.trim() === "") return [];
  const parts: Attribute[][] = [];
  for (const part of split(name, /^[,;]/)) {
    const attributes: Attribute[] = [];
    for (const attribute of split(part, /^\+(?=\s*[A-Za-z0-9][A-Za-z0-9.-]*\s*=)/)) {
      const [, type, value] = /^\s*([A-Za-z0-9][A-Za-z0-9.-]*)\s*=(.*)$/s.exec(attribute) ?? [];
      if (type === undefined || value === undefined) return undefined;
      attributes.push({ type: shortTypes.get(type.toUpperCase()) ?? type, value: unescape(value) });
    }
    parts.push(attributes);
  }
  return parts;
}

/** Splits at what is neither escaped nor in quotation marks. */
function split(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let position = 0; position < text.length; position++) {
    if (text[position] === "\\") position++;
    else if (text[position] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && separator.test(text.slice(position))) {
      parts.push(text.slice(start, position));
      start = position + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unescape(text: string): string {
  const start = text.trimStart();
  const end = start.trimEnd();
  // An escaped space at the end belongs to the value.
  const value = end.endsWith("\\") ? start.slice(0, end.length + 1) : end;
  const [, quoted] = /^"(.*)"$/s.exec(value) ?? [];
  const content = quoted === undefined ? value : quoted.replaceAll('""', '"');
  return content.replaceAll(/((?:\\[0-9A-Fa-f]{2})+)|\\(.)/gs, (_match, digits?: string, character?: string) =>
    digits === undefined ? (character ?? "") : decodeHex(digits),
  );
}

function decodeHex(escaped: string): string {
  const octets = escaped.slice(1).split("\\");
  return new TextDecoder().decode(Uint8Array.from(octets, (octet) => Number.parseInt(octet, 16)));
}
