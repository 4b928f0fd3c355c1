import { InvalidOptionError } from "./errors.ts";
import { fourBytes, type Rules } from "./option-rules.ts";
import type { BlobPayload, MessageProperties, Payload } from "./options.ts";

const encoder = new TextEncoder();

/** A payload as bytes; views and buffers are not copied. */
export function payloadBytes(payload: Payload, option = "payload"): Uint8Array {
  if (typeof payload === "string") return encoder.encode(payload);
  if (payload instanceof Uint8Array) return payload;
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  throw new InvalidOptionError(option, `${option} is a string or bytes, not ${typeof payload}`);
}

/** Whether the bytes of a payload have to be read first. */
export function isBlob(payload: Payload | BlobPayload): payload is BlobPayload {
  return typeof (payload as Partial<BlobPayload> | null | undefined)?.arrayBuffer === "function";
}

/** Reads a payload. */
export async function readBlob(payload: BlobPayload): Promise<ArrayBuffer> {
  try {
    return await payload.arrayBuffer();
  } catch (cause) {
    throw new InvalidOptionError("payload", "The payload cannot be read", { cause });
  }
}

/** The properties that a PUBLISH and a Will Message have in common. */
export const messageRules: Rules<MessageProperties> = {
  messageExpiryInterval: { ...fourBytes, as: true },
  contentType: { as: true },
  payloadFormat: { of: ["bytes", "utf-8"], as: "payloadFormatIndicator" },
  responseTopic: { as: true },
  correlationData: { as: true },
  userProperties: { as: true },
};
