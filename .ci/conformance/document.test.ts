import { expect, test } from "vitest";
import { render } from "./document.ts";
import type { Statement } from "./statements.ts";
import type { NamedTest } from "./suite.ts";

const statements: Statement[] = [
  { id: "MQTT-3.1.2-1", about: "CONNECT", side: "client", what: "The name is MQTT", reason: "" },
  { id: "MQTT311-4.1.0-1", about: "session", side: "server", what: "It keeps # and *", reason: "Nobody sees it" },
];
const tests: NamedTest[] = ["a (version 4)", "a (version 5)", "b", "c", "d", "e"].map((title) => ({
  file: "packages/codec/src/connect.test.ts",
  title: `CONNECT > ${title} [MQTT-3.1.2-1 MQTT311-3.1.2-1]`,
  statements: ["MQTT-3.1.2-1"],
}));

test("has each statement with its tests, each title once, or with the reason", async () => {
  const text = await render(statements, tests);
  expect(text).toContain("2 statements: 1 shown by tests, 1 that no test can show.");
  expect(text).toContain("- **MQTT-3.1.2-1** (CONNECT; client) The name is MQTT\n");
  const titles = ["a", "b", "c", "d"].map((title) => `CONNECT \\> ${title}`).join("; ");
  expect(text).toContain(`  - [codec/src/connect](../../packages/codec/src/connect.test.ts): ${titles}, and 1 more\n`);
  expect(text).toContain(
    "- **MQTT311-4.1.0-1** (session; server) It keeps \\# and \\*\n  - Not shown: Nobody sees it\n",
  );
});
