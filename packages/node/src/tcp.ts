import type { Transport } from "@rivulet/engine";
import { dial } from "./dial.ts";
import { judgeFirstAnswer } from "./first-answer.ts";
import { findRuntime } from "./runtime-limits.ts";
import { SocketDuplex } from "./socket-duplex.ts";
import { targetAddress } from "./socket-errors.ts";
import { readSocketOptions } from "./socket-options.ts";

/**
 * MQTT over TCP, TLS and Unix sockets, through `node:net` and `node:tls`: the schemes `mqtt:` and `tcp:`, `mqtts:`, `ssl:`
 * and `tls:`, and `mqtt+unix:`.
 *
 * It understands `socket`, `proxy` and, where the scheme asks for TLS, `tls`. Options for other kinds of transport are left
 * to them, since they may belong to another URL of the same list.
 *
 * @example
 * ```ts
 * import { tcp } from "@rivulet/node";
 *
 * console.log(tcp.schemes); // ["mqtt:", "tcp:", "mqtts:", "ssl:", "tls:", "mqtt+unix:"]
 * ```
 */
export const tcp: Transport = {
  schemes: ["mqtt:", "tcp:", "mqtts:", "ssl:", "tls:", "mqtt+unix:"],
  async open(target, options, context) {
    const { socket, info } = await dial(target, options, context);
    const address = targetAddress(target);
    // In the same turn, so that no event of the socket is missed.
    const duplex = new SocketDuplex(socket, address, info, {
      ...readSocketOptions(options.socket),
      isUnpausable: info.tls !== undefined && findRuntime() === "Deno",
    });
    if (info.tls === undefined) judgeFirstAnswer(socket, duplex, address);
    return duplex;
  },
};
