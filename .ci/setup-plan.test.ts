import { describe, expect, test } from "vitest";
import { planSetup, type Facts } from "./setup-plan.ts";

const all = { mosquitto: true, chromium: true, openssl: true };
const none = { mosquitto: false, chromium: false, openssl: false };

function facts(changes: Partial<Facts>): Facts {
  return { found: all, apt: false, root: false, docker: false, ...changes };
}

describe("planSetup", () => {
  test("has nothing to do where everything is there", () => {
    expect(planSetup(facts({}))).toEqual({ kind: "ready", broker: "mosquitto" });
  });

  test("installs what is missing, and only that, for root on Debian", () => {
    const found = { ...all, chromium: false };
    expect(planSetup(facts({ found, apt: true, root: true }))).toEqual({ kind: "install", packages: ["chromium"] });
    expect(planSetup(facts({ found: none, apt: true, root: true, docker: true }))).toEqual({
      kind: "install",
      packages: ["mosquitto", "chromium", "openssl"],
    });
  });

  test("takes Docker for mosquitto, and for nothing else", () => {
    expect(planSetup(facts({ found: { ...all, mosquitto: false }, docker: true }))).toEqual({
      kind: "ready",
      broker: "compose",
    });
    const plan = planSetup(facts({ found: none, docker: true }));
    expect(plan).toMatchObject({ kind: "ask", missing: ["chromium", "openssl"] });
  });

  test("prefers an installed mosquitto to Docker", () => {
    expect(planSetup(facts({ docker: true }))).toEqual({ kind: "ready", broker: "mosquitto" });
  });

  test("gives the command to run where it must not install", () => {
    const plan = planSetup(facts({ found: none, apt: true }));
    expect(plan).toMatchObject({
      kind: "ask",
      instructions: expect.stringContaining(
        "sudo apt-get install -y --no-install-recommends mosquitto chromium openssl",
      ) as string,
    });
  });

  test("gives another command where there is no apt, also to root", () => {
    const plan = planSetup(facts({ found: { ...all, mosquitto: false, chromium: false }, root: true }));
    expect(plan).toMatchObject({
      kind: "ask",
      instructions: expect.stringContaining("brew install mosquitto && brew install --cask chromium") as string,
    });
  });
});
