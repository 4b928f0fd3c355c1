import { InvalidOptionError, type SocketOptions } from "@rivulet/engine";
import { describe, expect, it } from "vitest";
import { readSocketOptions } from "./socket-options.ts";

describe("readSocketOptions", () => {
  it("fills in the defaults", () => {
    const defaults = {
      localAddress: undefined,
      localPort: 0,
      family: "any",
      noDelay: true,
      keepAliveDelayMs: undefined,
      linger: undefined,
      sendBufferBytes: 65_536,
      receiveBufferBytes: 65_536,
      maxTransferRate: undefined,
    };
    expect(readSocketOptions()).toEqual(defaults);
    expect(readSocketOptions({ family: undefined, keepAlive: false, linger: undefined })).toEqual(defaults);
  });

  it("takes what there is", () => {
    expect(
      readSocketOptions({
        ...{ localAddress: "::1", localPort: 65_535, family: "prefer6", noDelay: false, linger: 0.5 },
        ...{ keepAlive: { initialDelayMs: 60_000 }, sendBufferBytes: 1, receiveBufferBytes: 2, maxTransferRate: 1.5 },
      }),
    ).toEqual({
      ...{ localAddress: "::1", localPort: 65_535, family: "prefer6", noDelay: false, linger: 0.5 },
      ...{ keepAliveDelayMs: 60_000, sendBufferBytes: 1, receiveBufferBytes: 2 },
      maxTransferRate: { send: 1.5, receive: 1.5 },
    });
    expect(readSocketOptions({ keepAlive: true, linger: false })).toMatchObject({ keepAliveDelayMs: 0, linger: false });
    expect(readSocketOptions({ maxTransferRate: { send: 5 } }).maxTransferRate).toEqual({ send: 5, receive: Infinity });
    expect(readSocketOptions({ maxTransferRate: { receive: 5 } }).maxTransferRate).toEqual({
      send: Infinity,
      receive: 5,
    });
    expect(readSocketOptions({ keepAlive: {}, linger: 0 })).toMatchObject({ keepAliveDelayMs: 0, linger: 0 });
  });

  it.each([
    ["socket", 5, "socket is an object, not 5"],
    ["socket", null, "socket is an object, not null"],
    ["socket.colour", { colour: "red" }, "There is no option socket.colour"],
    ["socket.localAddress", { localAddress: "" }, 'socket.localAddress is an IP address or a name for one, not ""'],
    ["socket.localAddress", { localAddress: 127 }, "socket.localAddress is an IP address or a name for one, not 127"],
    ["socket.localPort", { localPort: 65_536 }, "socket.localPort is a whole number from 0 to 65535, not 65536"],
    ["socket.localPort", { localPort: -1 }, "socket.localPort is a whole number from 0 to 65535, not -1"],
    ["socket.localPort", { localPort: "80" }, 'socket.localPort is a whole number from 0 to 65535, not "80"'],
    ["socket.family", { family: 5 }, 'socket.family is 4, 6, "prefer6" or "any", not 5'],
    ["socket.family", { family: "prefer4" }, 'socket.family is 4, 6, "prefer6" or "any", not "prefer4"'],
    ["socket.noDelay", { noDelay: 1 }, "socket.noDelay is true or false, not 1"],
    ["socket.keepAlive", { keepAlive: 60 }, "socket.keepAlive is true, false or an object, not 60"],
    ["socket.keepAlive", { keepAlive: null }, "socket.keepAlive is true, false or an object, not null"],
    ["socket.keepAlive.delay", { keepAlive: { delay: 1 } }, "There is no option socket.keepAlive.delay"],
    [
      "socket.keepAlive.initialDelayMs",
      { keepAlive: { initialDelayMs: 0 } },
      "socket.keepAlive.initialDelayMs is a whole number from 1 to 32767000, not 0",
    ],
    ["socket.linger", { linger: true }, "socket.linger is false or a number from 0 to 2147483, not true"],
    ["socket.linger", { linger: -1 }, "socket.linger is false or a number from 0 to 2147483, not -1"],
    ["socket.linger", { linger: NaN }, "socket.linger is false or a number from 0 to 2147483, not NaN"],
    [
      "socket.sendBufferBytes",
      { sendBufferBytes: 0 },
      "socket.sendBufferBytes is a whole number from 1 to 1073741824, not 0",
    ],
    [
      "socket.receiveBufferBytes",
      { receiveBufferBytes: 0.5 },
      "socket.receiveBufferBytes is a whole number from 1 to 1073741824, not 0.5",
    ],
    ["socket.maxTransferRate", { maxTransferRate: 0 }, "socket.maxTransferRate is a number of at least 1, not 0"],
    [
      "socket.maxTransferRate",
      { maxTransferRate: Infinity },
      "socket.maxTransferRate is a number of at least 1, not Infinity",
    ],
    ["socket.maxTransferRate", { maxTransferRate: null }, "socket.maxTransferRate is a number of at least 1, not null"],
    ["socket.maxTransferRate.out", { maxTransferRate: { out: 1 } }, "There is no option socket.maxTransferRate.out"],
    [
      "socket.maxTransferRate.send",
      { maxTransferRate: { send: 0 } },
      "socket.maxTransferRate.send is a number of at least 1, not 0",
    ],
  ])("refuses a wrong %s: %o", (option, options, message) => {
    let error: unknown;
    try {
      readSocketOptions(options as SocketOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option, message });
  });
});
