import { defaultExclude, defineConfig } from "vitest/config";

// Packages find each other's sources through a condition of our own, so tests need no build.
const conditions = ["@rivulet/source", "node", "module", "import", "default"];
export const resolution = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};

/** Tests of what touches nothing outside of itself: their files may share a process, which spares loading it for each. */
const pure = ["packages/{codec,engine}/{src,conformance}/**/*.test.ts"];

export default defineConfig({
  ...resolution,
  test: {
    projects: [
      { extends: true, test: { name: "pure", include: pure, isolate: false } },
      {
        extends: true,
        test: {
          name: "others",
          include: ["packages/*/{src,conformance,simulation}/**/*.test.ts", ".ci/**/*.test.ts", "e2e/**/*.test.ts"],
          exclude: [...defaultExclude, ...pure],
        },
      },
    ],
    // By default a core is kept free, of two as well.
    maxWorkers: "100%",
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/testing/**"],
      reporter: ["text-summary", "json-summary", "html"],
      reportsDirectory: ".cache/coverage",
      thresholds: {
        "packages/codec/src/**": { branches: 100 },
        "packages/engine/src/**": { branches: 98 },
      },
    },
    // Property-based tests do a lot, and coverage makes them slower.
    testTimeout: 30_000,
  },
});
