/** What a scenario asserts with. `node:assert` fits; a page brings its own. */
export interface ContractAssert {
  ok(value: unknown, message?: string): void;
  equal(actual: unknown, expected: unknown, message?: string): void;
}
