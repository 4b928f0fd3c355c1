import { puback, pubcomp, pubrec, pubrel } from "./acknowledgement.ts";
import { readAuth, writeAuth } from "./auth.ts";
import { readConnack } from "./connack.ts";
import { writeConnect } from "./connect.ts";
import { readDisconnect, writeDisconnect } from "./disconnect.ts";
import type { PacketReaders, PacketWriters } from "./packet-codec.ts";
import { writePingreq } from "./pingreq.ts";
import { readPingresp } from "./pingresp.ts";
import { readPublish, writePublish } from "./publish.ts";
import { readSuback } from "./suback.ts";
import { writeSubscribe } from "./subscribe.ts";
import { readUnsuback } from "./unsuback.ts";
import { writeUnsubscribe } from "./unsubscribe.ts";

/** What a client sends. */
export const clientWriters: PacketWriters = {
  connect: writeConnect,
  publish: writePublish,
  puback: puback.write,
  pubrec: pubrec.write,
  pubrel: pubrel.write,
  pubcomp: pubcomp.write,
  subscribe: writeSubscribe,
  unsubscribe: writeUnsubscribe,
  pingreq: writePingreq,
  disconnect: writeDisconnect,
  auth: writeAuth,
};

/** What a client receives. */
export const clientReaders: PacketReaders = {
  connack: readConnack,
  publish: readPublish,
  puback: puback.read,
  pubrec: pubrec.read,
  pubrel: pubrel.read,
  pubcomp: pubcomp.read,
  suback: readSuback,
  unsuback: readUnsuback,
  pingresp: readPingresp,
  disconnect: readDisconnect,
  auth: readAuth,
};
