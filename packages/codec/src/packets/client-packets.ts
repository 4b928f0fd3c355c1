import { readAcknowledgement, writeAcknowledgement } from "./acknowledgement.ts";
import { readAuth, writeAuth } from "./auth.ts";
import { readConnack } from "./connack.ts";
import { writeConnect } from "./connect.ts";
import { readDisconnect, writeDisconnect } from "./disconnect.ts";
import type { PacketReaders, PacketWriters } from "./packet-codec.ts";
import { readPing, writePing } from "./ping.ts";
import { readPublish, writePublish } from "./publish.ts";
import { readSuback } from "./suback.ts";
import { writeSubscribe } from "./subscribe.ts";
import { readUnsuback } from "./unsuback.ts";
import { writeUnsubscribe } from "./unsubscribe.ts";

/** What a client sends. */
export const clientWriters: PacketWriters = {
  connect: writeConnect,
  publish: writePublish,
  puback: writeAcknowledgement,
  pubrec: writeAcknowledgement,
  pubrel: writeAcknowledgement,
  pubcomp: writeAcknowledgement,
  subscribe: writeSubscribe,
  unsubscribe: writeUnsubscribe,
  pingreq: writePing,
  disconnect: writeDisconnect,
  auth: writeAuth,
};

/** What a client receives. */
export const clientReaders: PacketReaders = {
  connack: readConnack,
  publish: readPublish,
  puback: readAcknowledgement,
  pubrec: readAcknowledgement,
  pubrel: readAcknowledgement,
  pubcomp: readAcknowledgement,
  suback: readSuback,
  unsuback: readUnsuback,
  pingresp: readPing,
  disconnect: readDisconnect,
  auth: readAuth,
};
