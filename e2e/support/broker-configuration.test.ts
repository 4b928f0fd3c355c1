import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { brokerConfiguration, listenerNames, listeners, templatePath, type Ports } from "./broker-configuration.ts";
import { composeEnvironment } from "./broker-process.ts";

const template = readFileSync(templatePath, "utf8");
const ports = Object.fromEntries(listenerNames().map((name, index) => [name, 40_000 + index])) as Ports;
const lines = (settings?: Record<string, string>): string[] =>
  brokerConfiguration(template, { ports, files: "/temporary", ...(settings === undefined ? {} : { settings }) }).split(
    "\n",
  );

test("every listener is on loopback, at the port it was given", () => {
  const found = lines().filter((line) => line.startsWith("listener "));
  expect(found).toEqual(listenerNames().map((name) => `listener ${ports[name]} 127.0.0.1`));
});

test("the files are those of the directory", () => {
  expect(lines()).toContain("keyfile /temporary/server.key");
  expect(lines().join("\n")).not.toContain("/mosquitto/");
});

test("nothing is dropped by the broker", () => {
  expect(lines()).toContain("max_queued_messages 0");
});

test("settings replace those of the template, and others are added", () => {
  const changed = lines({ persistence: "true", max_packet_size: "1000" });
  expect(changed).toContain("persistence true");
  expect(changed).not.toContain("persistence false");
  expect(changed).toContain("max_packet_size 1000");
});

test("listeners that ask for SCRAM are added, and change nothing about the others", () => {
  const scram = { plugin: "/cache/scram.so", ports: { tcp: 50_000, ws: 50_001 } };
  const text = brokerConfiguration(template, { ports, files: "/temporary", scram });
  const without = brokerConfiguration(template, { ports, files: "/temporary" });
  expect(text.startsWith(without)).toBe(true);
  const added = text.slice(without.length).split("\n");
  expect(added.filter((line) => line.startsWith("listener "))).toEqual([
    "listener 50000 127.0.0.1",
    "listener 50001 127.0.0.1",
  ]);
  expect(added.filter((line) => line === "plugin /cache/scram.so")).toHaveLength(2);
});

test("a template without a listener is an error", () => {
  expect(() => brokerConfiguration("listener 1883 0.0.0.0", { ports, files: "/temporary" })).toThrow(
    'no line "listener 8083 0.0.0.0"',
  );
});

test("the compose file is given all ports and the directory", () => {
  const environment = composeEnvironment({ ports, files: "/temporary" });
  expect(environment["BROKER_FILES"]).toBe("/temporary");
  for (const name of listenerNames()) {
    expect(environment[listeners[name].variable]).toBe(String(ports[name]));
  }
});
