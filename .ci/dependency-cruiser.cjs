/** The layers, lowest first; a package may use only what stands in a lower line. See ARCHITECTURE.md. */
const layers = [
  ["packages/codec"],
  ["packages/engine"],
  ["packages/websocket", "packages/node", "packages/deno", "packages/workers"],
  ["packages/rivulet"],
  ["packages/component", "packages/cli"],
  ["playground", "e2e"],
];

/** @param {readonly string[]} directories */
const within = (directories) => `^(${directories.join("|")})/`;

const sources = { path: "^packages/[^/]+/src/", pathNot: "[.]test[.]ts$" };

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...layers.flatMap((layer, index) => {
      const above = layers.slice(index + 1).flat();
      return layer.map((directory) => ({
        name: `one-way-${directory.replace("packages/", "")}`,
        comment:
          "Dependencies point one way, and packages of one layer know nothing of each other but their test helpers",
        severity: /** @type {const} */ ("error"),
        from: { path: within([directory]) },
        to: {
          path: within([...above, ...layer.filter((other) => other !== directory)]),
          pathNot: "^packages/[^/]+/testing/",
        },
      }));
    }),
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-platform",
      comment: "Codec and engine run everywhere: no builtins, and no packages but each other",
      severity: "error",
      from: { path: "^packages/(codec|engine)/src/", pathNot: "[.]test[.]ts$" },
      to: { pathNot: "^packages/(codec|engine)/src/" },
    },
    {
      name: "no-tests-in-sources",
      comment: "What is published uses nothing that is not",
      severity: "error",
      from: sources,
      to: { path: "[.]test[.]ts$|^packages/[^/]+/testing/|^[.]ci/" },
    },
    {
      name: "no-scripts-in-packages",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^[.]ci/" },
    },
    {
      name: "declared-dependencies",
      comment: "What is published uses only what its package.json declares",
      severity: "error",
      from: sources,
      // What is optional for users is here for the tests.
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"], dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "resolvable",
      comment: "Workers have modules of their own",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^cloudflare:" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|[.]cache)/" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      conditionNames: ["@rivulet/source", "node", "import", "types", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".js", ".d.ts", ".json"],
      mainFields: ["module", "main", "types"],
    },
  },
};
