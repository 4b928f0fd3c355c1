import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createVitest, type TestUserConfig, type TestProject, type TestSpecification, type Vitest } from "vitest/node";
import { resolution } from "../../vitest.config.ts";
import { root } from "../lib/command.ts";
import { filesOf } from "./files.ts";
import type { Mutation } from "./mutation.ts";
import { statementsIn } from "./statements.ts";

/** A test that names statements in its title. */
export interface NamedTest {
  /** The file, from the top of the repository. */
  readonly file: string;
  /** Its title, with those of the suites around it. */
  readonly title: string;
  readonly statements: readonly string[];
}

/** What a run of tests has shown. */
export interface RunResult {
  readonly passed: readonly NamedTest[];
  readonly failed: readonly NamedTest[];
  /** Why a file could not be loaded, or what went wrong outside of tests. */
  readonly errors: readonly string[];
}

/** How a source file is changed while tests are run. */
export interface Change {
  /** From the top of the repository. */
  readonly file: string;
  /** What it holds: the mutation was made for that, whatever has become of the file since. */
  readonly text: string;
  readonly mutation: Mutation;
}

/** The tests that name statements, and one vitest that runs them. Sources are changed while they are loaded, not on disk. */
export class Suite {
  readonly #vitest: Vitest;
  readonly #project: TestProject;
  readonly #change: { value: Change | undefined };

  constructor(vitest: Vitest, project: TestProject, change: { value: Change | undefined }) {
    this.#vitest = vitest;
    this.#project = project;
    this.#change = change;
  }

  static async start(): Promise<Suite> {
    const change: { value: Change | undefined } = { value: undefined };
    const plugin = {
      name: "mutation",
      enforce: "pre" as const,
      transform: (_code: string, id: string) => {
        if (change.value === undefined || relative(root, id) !== change.value.file) return undefined;
        const { text, mutation } = change.value;
        return text.slice(0, mutation.start) + mutation.text + text.slice(mutation.end);
      },
    };
    const options: TestUserConfig = {
      root,
      // The projects of the usual one would not see what is changed.
      config: false,
      watch: false,
      silent: true,
      reporters: [{}],
      coverage: { enabled: false },
      // One worker for all files of a run: most of the time goes into loading the same sources.
      pool: "threads",
      isolate: false,
      maxWorkers: 1,
      // A mutant may wait for what does not come: no test of these takes nearly so long when all is well.
      testTimeout: 4_000,
      hookTimeout: 4_000,
    };
    const vitest = await createVitest("test", options, { ...resolution, plugins: [plugin] });
    return new Suite(vitest, vitest.getRootProject(), change);
  }

  /** All tests that name statements, and why some could not be looked at. */
  async collect(): Promise<{ tests: NamedTest[]; errors: string[] }> {
    const files = filesOf(".test.ts").filter((file) => statementsIn(readFileSync(join(root, file), "utf8")).length > 0);
    const { testModules } = await this.#vitest.collectTests(files.map((file) => this.#specify(file)));
    const tests: NamedTest[] = [];
    const errors: string[] = [];
    for (const module of testModules) {
      if (module.errors().length > 0) errors.push(`${module.moduleId}: ${describe(module.errors())}`);
      for (const test of module.children.allTests()) tests.push(named(module.moduleId, test.fullName));
    }
    const naming = tests.filter(({ statements }) => statements.length > 0);
    return { tests: naming.sort(({ file: one }, { file: other }) => (one < other ? -1 : Number(one > other))), errors };
  }

  /** Runs the tests of some files whose titles fit, with a source file changed. */
  async run(files: readonly string[], pattern: RegExp, change?: Change): Promise<RunResult> {
    this.#change.value = change;
    if (change !== undefined) this.#vitest.invalidateFile(join(root, change.file));
    try {
      const specifications = files.map((file) => this.#specify(file, pattern));
      const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications(specifications);
      const tests = testModules.flatMap((module) => [...module.children.allTests()]);
      const inState = (...wanted: string[]): NamedTest[] =>
        tests
          .filter((test) => wanted.includes(test.result().state) && test.options.mode !== "skip")
          .map(({ module: { moduleId }, fullName }) => named(moduleId, fullName));
      const errors = testModules.flatMap((module) => module.errors());
      return {
        passed: inState("passed"),
        failed: inState("failed", "pending"), // It never ends when the worker dies of it.
        errors: [...errors, ...unhandledErrors].map((error) => describe([error])),
      };
    } finally {
      this.#change.value = undefined;
      if (change !== undefined) this.#vitest.invalidateFile(join(root, change.file));
    }
  }

  close(): Promise<void> {
    return this.#vitest.close();
  }

  #specify(file: string, testNamePattern?: RegExp): TestSpecification {
    return this.#project.createSpecification(join(root, file), testNamePattern ? { testNamePattern } : undefined);
  }
}

function named(moduleId: string, title: string): NamedTest {
  return { file: relative(root, moduleId), title, statements: statementsIn(title) };
}

function describe(errors: readonly unknown[]): string {
  return errors.map((error) => (error as Partial<Error>).message ?? String(error)).join("; ");
}
