import { defineConfig } from "vitest/config";

// Started from the top of the repository. The demo's tests run the built packages, as `npm start` does.
export default defineConfig({
  test: {
    include: ["playground/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
