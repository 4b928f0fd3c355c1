/** @import { ESLint, Rule } from "eslint" */

/** @type {Rule.RuleModule} */
const nonNull = {
  meta: {
    type: "suggestion",
    messages: { why: "Say in a comment on this line, or right above it, why this is never null" },
  },
  create: ({ sourceCode, report }) => ({
    /** @param {Rule.Node} node */
    TSNonNullExpression(node) {
      const { start, end } = sourceCode.getLoc(node);
      const isBeside = sourceCode
        .getAllComments()
        .some(({ loc }) => loc && loc.end.line >= start.line - 1 && loc.start.line <= end.line);
      if (!isBeside) {
        report({ node, messageId: "why" });
      }
    },
  }),
};

/** @type {Rule.RuleModule} */
const directives = {
  meta: { type: "suggestion", messages: { why: 'Say why, after " -- "' } },
  create: ({ sourceCode, report }) => ({
    Program() {
      for (const { loc, value } of sourceCode.getAllComments()) {
        if (loc && /^\s*eslint-disable/.test(value) && !/\s--\s+\S/.test(value)) {
          report({ loc, messageId: "why" });
        }
      }
    },
  }),
};

/**
 * Rules for the places where someone knows better than the compiler or the linter: say why.
 *
 * @type {ESLint.Plugin}
 */
export const explained = { rules: { "non-null": nonNull, directives } };
