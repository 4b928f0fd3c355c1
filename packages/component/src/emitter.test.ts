import { describe, expect, it } from "vitest";
import { Emitter } from "./emitter.ts";

const event = { statusCode: 0, description: "OK" };

describe("Emitter", () => {
  it("calls the handler first, then listeners in their order, with the one object", () => {
    const calls: unknown[] = [];
    const emitter = new Emitter(() => undefined);
    emitter.on("connected", (given) => calls.push(["a", given]));
    emitter.on("connected", (given) => calls.push(["b", given]));
    emitter.handle("connected", (given) => calls.push(["handler", given]));
    expect(emitter.emit("connected", event)).toBe(true);
    expect(calls).toEqual([
      ["handler", event],
      ["a", event],
      ["b", event],
    ]);
  });

  it("has the handler that was assigned last, or none", () => {
    const calls: string[] = [];
    const emitter = new Emitter(() => undefined);
    expect(emitter.handler("log")).toBeUndefined();
    emitter.handle("disconnected", () => calls.push("first"));
    emitter.handle("disconnected", () => calls.push("second"));
    emitter.emit("disconnected", event);
    emitter.handle("disconnected", undefined);
    emitter.emit("disconnected", event);
    expect(calls).toEqual(["second"]);
  });

  it("tells of what one throws, and calls the others", () => {
    const failures: unknown[] = [];
    const calls: string[] = [];
    const emitter = new Emitter((error) => failures.push(error));
    const error = new Error("mine");
    emitter.handle("connected", () => {
      throw error;
    });
    emitter.on("connected", () => calls.push("other"));
    expect(emitter.emit("connected", event)).toBe(false);
    expect({ failures, calls }).toEqual({ failures: [error], calls: ["other"] });
  });

  it("tells of what an asynchronous one rejects with, and does not wait", async () => {
    const failures: unknown[] = [];
    const emitter = new Emitter((error) => failures.push(error));
    const error = new Error("mine");
    emitter.handle("connected", () => Promise.reject(error));
    emitter.on("connected", () => Promise.reject(error));
    expect(emitter.emit("connected", event)).toBe(true);
    expect(failures).toEqual([]);
    await Promise.resolve();
    await Promise.resolve();
    expect(failures).toEqual([error, error]);
  });

  it("calls one that was added twice twice, and off once each", () => {
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const emitter = new Emitter(() => undefined);
    const off = emitter.on("connected", listener);
    emitter.on("connected", listener);
    emitter.emit("connected", event);
    off();
    off();
    emitter.emit("connected", event);
    expect(calls).toBe(3);
  });
});
