import { describe, expect, test } from "vitest";
import { planSetup, requirements, type Facts } from "./setup-plan.ts";

const everything = (isFound: boolean): Facts["found"] =>
  Object.fromEntries(requirements.map((name) => [name, isFound])) as Facts["found"]; // one entry a name
const all = everything(true);
const none = everything(false);

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
      packages: requirements,
    });
  });

  test("takes Docker for mosquitto, and for nothing else", () => {
    expect(planSetup(facts({ found: { ...all, mosquitto: false }, docker: true }))).toEqual({
      kind: "ready",
      broker: "compose",
    });
    const plan = planSetup(facts({ found: none, docker: true }));
    expect(plan).toMatchObject({
      kind: "ask",
      missing: requirements.filter((name) => !/^(mosquitto|gcc|libc6-dev|.*mosquitto-dev|libssl-dev)$/.test(name)),
    });
  });

  test("prefers an installed mosquitto to Docker", () => {
    expect(planSetup(facts({ docker: true }))).toEqual({ kind: "ready", broker: "mosquitto" });
  });

  test("asks for what compiles the plugin of a mosquitto that is there", () => {
    const found = { ...all, "mosquitto-dev": false, "libssl-dev": false };
    expect(planSetup(facts({ found, apt: true, docker: true }))).toMatchObject({
      kind: "ask",
      missing: ["mosquitto-dev", "libssl-dev"],
      instructions: expect.stringMatching(/mosquitto-dev libssl-dev\n.*scram\.c/) as string,
    });
  });

  test("gives the command to run where it must not install", () => {
    const plan = planSetup(facts({ found: none, apt: true }));
    expect(plan).toMatchObject({
      kind: "ask",
      instructions: expect.stringContaining(
        `sudo apt-get install -y --no-install-recommends ${requirements.join(" ")}`,
      ) as string,
    });
  });

  test("gives another command where there is no apt, also to root", () => {
    const plan = planSetup(facts({ found: { ...all, mosquitto: false, chromium: false }, root: true }));
    expect(plan).toMatchObject({
      kind: "ask",
      instructions: expect.stringContaining("brew install mosquitto && brew install --cask chromium\n") as string,
    });
    const compiler = planSetup(facts({ found: { ...none, mosquitto: true, chromium: true }, root: true }));
    expect(compiler).toMatchObject({
      instructions: expect.stringContaining(
        "macOS: brew install openssl && xcode-select --install && brew install mosquitto && brew install --cask firefox",
      ) as string,
    });
    expect(compiler).toMatchObject({
      instructions: expect.stringMatching(/brew install dante .*\n.*\n.* no webkit2gtk-driver .* on Linux/) as string,
    });
  });
});
