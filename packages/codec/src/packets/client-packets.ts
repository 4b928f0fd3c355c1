import { readAuth, writeAuth } from "./auth.ts";
import { readConnack } from "./connack.ts";
import { writeConnect } from "./connect.ts";
import { readDisconnect, writeDisconnect } from "./disconnect.ts";
import type { PacketReaders, PacketWriters } from "./packet-codec.ts";
import { writePingreq } from "./pingreq.ts";
import { readPingresp } from "./pingresp.ts";
import { readPuback, writePuback } from "./puback.ts";
import { readPubcomp, writePubcomp } from "./pubcomp.ts";
import { readPublish, writePublish } from "./publish.ts";
import { readPubrec, writePubrec } from "./pubrec.ts";
import { readPubrel, writePubrel } from "./pubrel.ts";
import { readSuback } from "./suback.ts";
import { writeSubscribe } from "./subscribe.ts";
import { readUnsuback } from "./unsuback.ts";
import { writeUnsubscribe } from "./unsubscribe.ts";

/** What a client sends. */
export const clientWriters: PacketWriters = {
  connect: writeConnect,
  publish: writePublish,
  puback: writePuback,
  pubrec: writePubrec,
  pubrel: writePubrel,
  pubcomp: writePubcomp,
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
  puback: readPuback,
  pubrec: readPubrec,
  pubrel: readPubrel,
  pubcomp: readPubcomp,
  suback: readSuback,
  unsuback: readUnsuback,
  pingresp: readPingresp,
  disconnect: readDisconnect,
  auth: readAuth,
};
