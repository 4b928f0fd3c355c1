import { expect, test } from "vitest";
import { composeProblems } from "./compose.ts";

const requirements = {
  image: /^broker:2/,
  configuration: "/project/broker.conf",
  resolve: (source: string) => source.replace(/^\./, "/project"),
  files: "/files",
  ports: [{ port: 1883, variable: "TCP_PORT" }],
};
const service = {
  image: "broker:2.0",
  volumes: ["./broker.conf:/mosquitto/config/mosquitto.conf:ro", "${FILES:-./x}:/files:ro"],
  ports: ["127.0.0.1:${TCP_PORT:-1883}:1883"],
  healthcheck: {},
};

test("a file that has everything", () => {
  expect(composeProblems({ services: { broker: service } }, requirements)).toEqual([]);
});

test.each([
  ["another image", { image: "broker:latest" }, "The image is broker:latest"],
  [
    "another configuration",
    { volumes: ["./other.conf:/mosquitto/config/mosquitto.conf:ro", "x:/files:ro"] },
    "The configuration is ./other.conf",
  ],
  ["no configuration", { volumes: ["x:/files:ro"] }, "The configuration is not mounted"],
  ["no files", { volumes: service.volumes.slice(0, 1) }, "Nothing is mounted at /files"],
  ["a port on all interfaces", { ports: [...service.ports, "9001:9001"] }, "The port 9001:9001 is open to the network"],
  ["a missing port", { ports: [] }, "is missing"],
  ["no health check", { healthcheck: undefined }, "Without a health check"],
])("finds %s", (_name, change, problem) => {
  const problems = composeProblems({ services: { broker: { ...service, ...change } } }, requirements);
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test.each([undefined, {}, { services: {} }, { services: { a: service, b: service } }])(
  "wants one service: %j",
  (document) => {
    expect(composeProblems(document, requirements)).toEqual([expect.stringContaining("one service")]);
  },
);
