/** A change that breaks what code cites, where the kind of the code alone does not say how. */
interface HandWritten {
  readonly file: string;
  /** Stands in the code that the citation is for. */
  readonly find: string;
  readonly replace: string;
}

const anyByte = "Array.from({ length: 256 }, (_, code) => code)";
const nextByte = "(reader.bytes[reader.position++] as number)";
const reasonCodes = "packages/codec/src/reason-codes.ts";
const sender = "packages/engine/src/session/sender.ts";
const session = "packages/engine/src/session/session.ts";

export const byHand: readonly HandWritten[] = [
  // Every Reason Code is as good as any other.
  { file: reasonCodes, find: "connack: [", replace: `connack: [...${anyByte}, ` },
  { file: reasonCodes, find: "puback: publishAcknowledgement", replace: `puback: ${anyByte}` },
  { file: reasonCodes, find: "pubrec: publishAcknowledgement", replace: `pubrec: ${anyByte}` },
  { file: reasonCodes, find: "pubrel: [", replace: `pubrel: [...${anyByte}, ` },
  { file: reasonCodes, find: "pubcomp: [", replace: `pubcomp: [...${anyByte}, ` },
  { file: reasonCodes, find: "unsuback: [", replace: `unsuback: [...${anyByte}, ` },
  { file: reasonCodes, find: "suback: [", replace: `suback: [...${anyByte}, ` },
  { file: reasonCodes, find: "disconnect: [", replace: `disconnect: [...${anyByte}, ` },
  { file: reasonCodes, find: "auth: [", replace: `auth: [...${anyByte}, ` },
  // What is too long, too wide or no text is taken all the same.
  { file: "packages/codec/src/utf8.ts", find: "length > maximumFieldBytes", replace: "false" },
  { file: "packages/codec/src/utf8.ts", find: 'text.includes("\\0")', replace: "false" },
  { file: "packages/codec/src/topics.ts", find: "measureText(topic)", replace: "Math.max(0, measureText(topic))" },
  { file: "packages/codec/src/reader.ts", find: "byte === 0 ? shift > 0 :", replace: "" },
  // Topics are compared without regard to case.
  {
    file: "packages/codec/src/topics.ts",
    find: "wanted !== topicLevels[level]",
    replace: "wanted.toLowerCase() !== topicLevels[level]?.toLowerCase()",
  },
  // The reserved flag is set; so is what belongs to a will, without one.
  { file: "packages/codec/src/packets/connect.ts", find: "cleanStartFlag : 0", replace: "cleanStartFlag | 1 : 1" },
  {
    file: "packages/codec/src/packets/connect.ts",
    find: "if (will !== undefined) {\n    const",
    replace: "flags |= will === undefined ? 0x28 : 0;\n  if (will !== undefined) {\n    const",
  },
  // Reason Codes of a list are not looked at.
  { file: "packages/codec/src/packets/suback.ts", find: 'readReasonCode(reader, "suback")', replace: nextByte },
  { file: "packages/codec/src/packets/unsuback.ts", find: 'readReasonCode(reader, "unsuback")', replace: nextByte },
  // A content type is bytes; mqtt is not what is offered.
  {
    file: "packages/codec/src/properties.ts",
    find: '"string", "publish will"',
    replace: '"binary", "publish will"',
  },
  { file: "packages/websocket/src/web-socket-transport.ts", find: '["mqtt"]', replace: '["chat"]' },
  // Identifiers are in use twice, quota is what we would like it to be, a refused message goes on.
  {
    file: "packages/engine/src/session/exchange-table.ts",
    find: "while (this.#exchanges.has(this.#last))",
    replace: "while (false)",
  },
  { file: sender, find: "Math.min(server.receiveMaximum, terms.maxInflight)", replace: "terms.maxInflight" },
  { file: sender, find: "packet.reasonCode < 0x80", replace: "true" },
  // What is sent again looks like new.
  { file: sender, find: "duplicate: true", replace: "duplicate: false" },
  // What is published before CONNACK leaves at once.
  { file: sender, find: " && this.#server !== undefined", replace: "" },
  // What came first is acknowledged last.
  { file: "packages/engine/src/session/receiver.ts", find: "queue.push(exchange)", replace: "queue.unshift(exchange)" },
  // After DISCONNECT everything goes on.
  { file: session, find: "this.#end(undefined)", replace: 'this.#state = { name: "connected" }' },
  // Every filter gets the first code.
  { file: "packages/engine/src/client/subscriber.ts", find: "codes[index]", replace: "codes[0]" },
  // All clients share one Session.
  { file: "packages/engine/src/client/link.ts", find: "${this.clientId}", replace: "same" },
  { file: "packages/engine/src/client/publish-options.ts", find: "duplicate", replace: "duplicate: true" },
  // What is read does not move on, which would never end; an identifier that not every server takes.
  { file: "packages/codec/src/packets/list.ts", find: "readString(reader)", replace: '(readString(reader), "")' },
  { file: "packages/engine/src/resolve-options.ts", find: ".toString(36)", replace: '.toString(36) + "_"' },
  // Any flags are legal.
  { file: "packages/codec/src/fixed-header.ts", find: "flags === expected", replace: "true" },
];
