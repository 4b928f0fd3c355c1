import { defineConfig } from "vitest/config";

// Packages find each other's sources through a condition of our own, so tests need no build.
const conditions = ["@rivulet/source", "node", "module", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/{src,conformance,simulation}/**/*.test.ts", ".ci/**/*.test.ts", "e2e/**/*.test.ts"],
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
