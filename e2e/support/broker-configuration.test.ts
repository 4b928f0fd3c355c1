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
