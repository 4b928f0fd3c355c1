import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../../codec/testing/property-test.ts";
import { PacketIdExhaustedError } from "../errors.ts";
import { ExchangeTable } from "./exchange-table.ts";
import type { Exchange } from "./exchanges.ts";

function newExchange(packetIdentifier: number, type: "publish" | "unsubscribe" = "publish"): Exchange<string> {
  const packet = { type, packetIdentifier, topicName: "", topicFilters: [], payload: new Uint8Array() };
  const rest = { order: 0, place: 0, size: 0, awaits: undefined, hasQuota: false };
  return { packet: { ...packet, qos: 1, retain: false, duplicate: false }, context: "somebody", ...rest };
}

/** What is done to a table: the place of the one in use that it is done to, or an identifier. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: "take" } as const) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("delete", "give up"), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("again", "replace"), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("put" as const), which: fc.integer({ min: 1, max: 0xffff }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("put" as const), which: fc.integer({ min: 1, max: 40 }) }) },
);

describe("ExchangeTable", () => {
  it("does what a Map would do, and gives out no identifier that is in use", () => {
    check(
      fc.array(step, { maxLength: 120, size: "max" }),
      (steps) => {
        const table = new ExchangeTable<string>();
        const model = new Map<number, Exchange<string>>();
        const put = (packetIdentifier: number, exchange: Exchange<string>): void => {
          table.put(packetIdentifier, exchange);
          model.delete(packetIdentifier);
          model.set(packetIdentifier, exchange);
        };
        for (const [index, each] of steps.entries()) {
          const entry = "which" in each ? [...model][each.which % model.size] : undefined;
          if (each.do === "take") {
            const next = table.nextIdentifier();
            expect(model.has(next)).toBe(false);
            put(next, newExchange(next, index % 3 === 0 ? "unsubscribe" : "publish"));
          } else if (each.do === "put") {
            put(each.which, newExchange(each.which));
          } else if (entry !== undefined) {
            const [packetIdentifier, exchange] = entry;
            if (each.do === "again") put(packetIdentifier, exchange);
            if (each.do === "replace") put(packetIdentifier, newExchange(packetIdentifier));
            if (each.do === "give up") exchange.isGivenUp = true;
            if (each.do === "delete") {
              expect(table.delete(exchange)).toBe(true);
              model.delete(packetIdentifier);
            }
            expect([table.has(exchange), table.get(packetIdentifier)]).toStrictEqual([
              model.get(packetIdentifier) === exchange,
              model.get(packetIdentifier),
            ]);
          }
        }
        const all = [...model.values()];
        expect(table.all).toStrictEqual(all);
        expect(table.messages).toStrictEqual(all.filter(({ packet }) => packet.type === "publish"));
        expect(table.isAwaited).toBe(all.some(({ isGivenUp }) => isGivenUp !== true));
        expect(table.isEmpty).toBe(all.length === 0);
        for (const [packetIdentifier, exchange] of model) expect(table.get(packetIdentifier)).toBe(exchange);
      },
      0.25,
    );
  });

  it("gives out every identifier, and goes on with the one that becomes free", () => {
    const table = new ExchangeTable<string>();
    const exchanges: Exchange<string>[] = [];
    for (let count = 1; count <= 0xffff; count++) {
      const exchange = newExchange(table.nextIdentifier());
      table.put(count, exchange);
      exchanges.push(exchange);
    }
    expect(table.isFull).toBe(true);
    expect(() => table.nextIdentifier()).toThrow(PacketIdExhaustedError);
    expect(table.delete(exchanges[4999] as Exchange<string>)).toBe(true);
    expect(table.delete(exchanges[4999] as Exchange<string>)).toBe(false);
    expect(table.get(5000)).toBeUndefined();
    expect(table.nextIdentifier()).toBe(5000);
    expect(table.all.length).toBe(0xfffe);
  });

  it("leaves out an identifier whose exchange does not end", () => {
    const table = new ExchangeTable<string>();
    const lasting = newExchange(table.nextIdentifier());
    table.put(1, lasting);
    const given: number[] = [];
    for (let count = 0; count < 70_000; count++) {
      const packetIdentifier = table.nextIdentifier();
      const exchange = newExchange(packetIdentifier);
      table.put(packetIdentifier, exchange);
      given.push(packetIdentifier);
      table.delete(exchange);
    }
    expect(given.slice(0, 3)).toStrictEqual([2, 3, 4]);
    expect(given.slice(0xfffe, 0xfffe + 2)).toStrictEqual([2, 3]);
    expect(table.all).toStrictEqual([lasting]);
  });
});
