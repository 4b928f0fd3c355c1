import { expect, it } from "vitest";
import { splitPackets } from "./split-packets.ts";

it("splitPackets finds where each packet ends, whatever its length takes", () => {
  const packets = [
    Buffer.from([0xd0, 0]),
    Buffer.from([0x40, 2, 0, 1]),
    Buffer.concat([Buffer.from([0x30, 0xc8, 0x01]), Buffer.alloc(200)]),
    Buffer.from([0xd0, 0]),
  ];
  expect(splitPackets(Buffer.concat(packets))).toEqual(packets);
  expect(splitPackets(Buffer.alloc(0))).toEqual([]);
});
