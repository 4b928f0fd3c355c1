import { afterEach, expect, test, vi } from "vitest";
import { onWake } from "./on-wake.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A global scope that events can be sent to. */
function stubScope(document?: { visibilityState: string }): EventTarget {
  const scope = new EventTarget();
  vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
  vi.stubGlobal("removeEventListener", scope.removeEventListener.bind(scope));
  vi.stubGlobal("document", document);
  return scope;
}

test("calls when the page is looked at again or taken out of the cache, and when the network comes or goes", () => {
  const document = { visibilityState: "visible" };
  const scope = stubScope(document);
  let count = 0;
  const off = onWake(() => (count += 1));
  for (const name of ["visibilitychange", "pageshow", "online", "offline", "focus"])
    scope.dispatchEvent(new Event(name));
  expect(count).toBe(4);
  document.visibilityState = "hidden";
  scope.dispatchEvent(new Event("visibilitychange"));
  expect(count).toBe(4);
  for (const name of ["online", "offline"]) scope.dispatchEvent(new Event(name));
  expect(count).toBe(6); // A connection is of use in the background too.
  document.visibilityState = "visible";
  off();
  for (const name of ["visibilitychange", "pageshow", "online", "offline"]) scope.dispatchEvent(new Event(name));
  expect(count).toBe(6);
});

test("calls in a worker when the network is back", () => {
  const scope = stubScope();
  let count = 0;
  onWake(() => (count += 1));
  scope.dispatchEvent(new Event("online"));
  expect(count).toBe(1);
});

test("does nothing where there are no such events", () => {
  vi.stubGlobal("addEventListener", undefined);
  vi.stubGlobal("removeEventListener", undefined);
  const off = onWake(() => {
    throw new Error("Nobody should call");
  });
  expect(off).not.toThrow();
});
