import { clientReaders, clientWriters } from "./client-packets.ts";
import { writeConnack } from "./connack.ts";
import { readConnect } from "./connect.ts";
import type { PacketReaders, PacketWriters } from "./packet-codec.ts";
import { readPing, writePing } from "./ping.ts";
import { writeSuback } from "./suback.ts";
import { readSubscribe } from "./subscribe.ts";
import { writeUnsuback } from "./unsuback.ts";
import { readUnsubscribe } from "./unsubscribe.ts";

/** All packets: what a client sends, and what a server does. */
export const allWriters: PacketWriters = {
  ...clientWriters,
  connack: writeConnack,
  suback: writeSuback,
  unsuback: writeUnsuback,
  pingresp: writePing,
};

/** All packets: what a client receives, and what a server does. */
export const allReaders: PacketReaders = {
  ...clientReaders,
  connect: readConnect,
  subscribe: readSubscribe,
  unsubscribe: readUnsubscribe,
  pingreq: readPing,
};
