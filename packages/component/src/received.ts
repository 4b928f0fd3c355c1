import type { PacketProperties } from "@rivulet/codec";
import type { TlsInfo } from "rivulet";
import type { UserProperty } from "./settings/message-settings.ts";

/** What came from the server, or was given to what went there, that `config` tells. Filled by the connection. */
export class Received {
  // Of the last CONNACK
  sessionPresent = false;
  /** Undefined before it, and before MQTT 5.0. */
  connackProperties: PacketProperties<"connack"> | undefined = undefined;

  // Of the last DISCONNECT of the server; undefined again when the setting of that name is set, and at each connect.
  disconnectReasonCode: number | undefined = undefined;
  disconnectProperties: PacketProperties<"disconnect"> | undefined = undefined;

  /** Of the last message that came. */
  userProperties: readonly UserProperty[] = [];
  /** Of the last message that was published at QoS 1 or 2; 0 before the first, and -1 when the last was at QoS 0. */
  outgoingPacketId = 0;
  /** Of the last connection that had TLS. */
  tls: TlsInfo | undefined = undefined;
}
