import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import { explained } from "./.ci/lint/explained.js";

const tests = ["**/*.test.ts", "**/testing/**", "e2e/**"];

export default defineConfig(
  globalIgnores(["**/dist/", "**/node_modules/", ".cache/", "coverage/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { explained },
    rules: {
      // An exception is fine where a comment says why it is one.
      "@typescript-eslint/no-non-null-assertion": "off",
      "explained/non-null": "error",
      "explained/directives": "error",
      "@typescript-eslint/ban-ts-comment": [
        "error",
        {
          "ts-expect-error": "allow-with-description",
          "ts-ignore": true,
          "ts-nocheck": true,
          minimumDescriptionLength: 10,
        },
      ],

      // A number in a message prints as anyone expects.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `() => socket.destroy()` is how one writes a callback.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // What one `await` or one call can change, the compiler believes to be as it was tested above.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `message.json<Reading>()`: the caller says what it expects.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // A packet that adds nothing to its base still has a name of its own.
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      // Whoever aborts a signal says why, with any value; it is passed on as it is.
      "@typescript-eslint/prefer-promise-reject-errors": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      // A method may have to fit an interface that is asynchronous.
      "@typescript-eslint/require-await": "off",
      // The compiler finds unused locals; this finds the rest, and `_` says that it is meant.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A switch over a union names every case, or says with `default` that it does not want to.
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],

      eqeqeq: "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: ":matches(PropertyDefinition, MethodDefinition)[accessibility=/^(private|public)$/]",
          message: "Write #name for what is private, and nothing for what is public",
        },
        { selector: "ExportDefaultDeclaration", message: "Name what is exported" },
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex:
                "^(\\.\\./)+(packages/)?(codec|engine|websocket|node|deno|rivulet|workers|component|cli)/(?!testing/)",
              message: "Import another package by its name",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["packages/*/src/**/*.ts"],
    rules: {
      // A library has a logger; the console belongs to the program.
      "no-console": "error",
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: tests,
    rules: {
      // What a test calls in a callback, or compares as a value, is what it tests.
      "@typescript-eslint/unbound-method": "off",
      "max-lines": "off",
      "max-lines-per-function": "off",
    },
  },
  {
    // A tool asks for a default export.
    files: ["**/*.config.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    // A global is a `var`, also when it is only declared.
    files: ["**/*.d.ts"],
    rules: { "no-var": "off" },
  },
  {
    // The compiler checks plain JavaScript too, and knows the globals of each place.
    files: ["**/*.js", "**/*.cjs"],
    rules: { "no-undef": "off" },
  },
);
