import type { PacketProperties } from "@rivulet/codec";
import { InvalidOptionError } from "./errors.ts";
import type { MessageProperties, Payload } from "./options.ts";

/** The properties that a PUBLISH and a Will Message have in common. */
type CommonProperties = Omit<PacketProperties<"will">, "willDelayInterval">;

const encoder = new TextEncoder();

/** A payload as bytes; views and buffers are not copied. */
export function payloadBytes(payload: Payload): Uint8Array {
  if (typeof payload === "string") return encoder.encode(payload);
  if (payload instanceof Uint8Array) return payload;
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  throw new InvalidOptionError("payload", `A payload is a string or bytes, not ${typeof payload}`);
}

/** The properties of a message as those of a packet; undefined when there are none. */
export function messageProperties(options: MessageProperties): CommonProperties | undefined {
  const { messageExpiryInterval, contentType, payloadFormat, responseTopic, correlationData, userProperties } = options;
  let properties: CommonProperties | undefined;
  if (messageExpiryInterval !== undefined) (properties ??= {}).messageExpiryInterval = messageExpiryInterval;
  if (contentType !== undefined) (properties ??= {}).contentType = contentType;
  if (payloadFormat !== undefined) (properties ??= {}).payloadFormatIndicator = payloadFormat === "utf-8" ? 1 : 0;
  if (responseTopic !== undefined) (properties ??= {}).responseTopic = responseTopic;
  if (correlationData !== undefined) (properties ??= {}).correlationData = correlationData;
  if (userProperties !== undefined && userProperties.length > 0) {
    (properties ??= {}).userProperties = userProperties.map(([name, value]) => [name, value]);
  }
  return properties;
}
