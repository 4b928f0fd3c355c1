import { expect, test } from "vitest";
import { parseStatements, statementsIn } from "./statements.ts";

const header = "statement\tabout\tside\twhat\twhy no test shows it";

test("finds the numbers in a text, and nothing that only looks like one", () => {
  expect(statementsIn("QoS 1 [MQTT-4.3.2-1] [MQTT311-4.3.2-1 MQTT-6.0.0-2], section 4.3.2, MQTT-3.1.2")).toEqual([
    "MQTT-4.3.2-1",
    "MQTT311-4.3.2-1",
    "MQTT-6.0.0-2",
  ]);
});

test("reads a list", () => {
  const list = `${header}\nMQTT-1.2.3-4\tPUBLISH\tboth\tIt is so\t\nMQTT311-1.2-3\tall\tserver\tIt is not\tNobody sees it\n`;
  expect(parseStatements(list)).toEqual([
    { id: "MQTT-1.2.3-4", about: "PUBLISH", side: "both", what: "It is so", reason: "" },
    { id: "MQTT311-1.2-3", about: "all", side: "server", what: "It is not", reason: "Nobody sees it" },
  ]);
});

test.each([
  ["no header", "MQTT-1.2.3-4\tPUBLISH\tboth\tIt is so\t"],
  ["no number", `${header}\nMQTT-1.2.3\tPUBLISH\tboth\tIt is so\t`],
  ["no side", `${header}\nMQTT-1.2.3-4\tPUBLISH\tnobody\tIt is so\t`],
  ["one number twice", `${header}\nMQTT-1.2.3-4\tA\tboth\tIt is so\t\nMQTT-1.2.3-4\tA\tboth\tIt is so\t`],
])("refuses a list with %s", (_what, list) => {
  expect(() => parseStatements(list)).toThrow();
});
