import ts from "typescript";
import { byHand } from "./by-hand.ts";
import type { Citation } from "./citations.ts";

/** A change of a source file that breaks what its citation says is there. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * How to break the code of a citation; where there are several ways, each of its statements has to notice one of them.
 * What is written by hand goes first; otherwise the kind of code says how: a check finds nothing, a condition never or
 * always holds, a statement is left out, a value becomes another one.
 *
 * @throws Error for code that cannot be broken so.
 */
export function mutationsOf({ node, file, line }: Citation): Mutation[] {
  const written = byHand.find((row) => row.file === file && node.getText().includes(row.find));
  if (written !== undefined) {
    const start = node.getStart() + node.getText().indexOf(written.find);
    return [{ start, end: start + written.find.length, text: written.replace }];
  }
  if (ts.isIfStatement(node)) return mutateCondition(node);
  const mutation = mutateNode(node);
  if (mutation !== undefined) return [mutation];
  const kind = ts.SyntaxKind[node.kind];
  throw new Error(
    `${file}:${line} cites above a ${kind}: move it to what it does, or say in by-hand.ts how to break it`,
  );
}

function mutateCondition({ expression, thenStatement }: ts.IfStatement): Mutation[] {
  const never = replace(expression, `false && (${expression.getText()})`);
  // Of a check that leaves the function, nothing else would be worth knowing: it would do nothing any more.
  return leaves(thenStatement) ? [never] : [never, replace(expression, `true || (${expression.getText()})`)];
}

function mutateNode(node: ts.Node): Mutation | undefined {
  if (ts.isReturnStatement(node)) return mutateValue(node.expression);
  if (ts.isVariableStatement(node)) return mutateValue(node.declarationList.declarations[0]?.initializer);
  if (ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)) return mutateValue(node.initializer);
  if (ts.isShorthandPropertyAssignment(node)) return replace(node, `${node.name.text}: undefined`);
  if (ts.isSpreadAssignment(node)) return replace(node, "");
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isBlock(node)) return undefined;
  if (ts.isStatement(node)) return replace(node, "{}");
  if (!ts.isExpression(node)) return undefined;
  const operator = ts.isBinaryExpression(node.parent) ? node.parent.operatorToken.kind : undefined;
  if (operator === ts.SyntaxKind.AmpersandAmpersandToken) return replace(node, "true");
  if (operator === ts.SyntaxKind.BarBarToken) return replace(node, "false");
  return mutateValue(node);
}

function mutateValue(value: ts.Expression | undefined): Mutation | undefined {
  if (value === undefined) return undefined;
  const text = value.getText();
  if (ts.isArrowFunction(value)) return ts.isBlock(value.body) ? undefined : mutateValue(value.body);
  if (ts.isParenthesizedExpression(value)) return mutateValue(value.expression);
  if (ts.isConditionalExpression(value)) {
    return replace(value, `${value.condition.getText()} ? ${value.whenFalse.getText()} : ${value.whenTrue.getText()}`);
  }
  if (ts.isBinaryExpression(value) && value.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    return replace(value, value.right.getText());
  }
  if (ts.isNumericLiteral(value)) return replace(value, `${Number(text.replaceAll("_", "")) + 1}`);
  if (ts.isStringLiteralLike(value)) return replace(value, value.text === "" ? '"?"' : '""');
  if (ts.isArrayLiteralExpression(value)) return replace(value, "[]");
  if (value.kind === ts.SyntaxKind.TrueKeyword || isTruth(value)) return replace(value, `!(${text})`);
  if (value.kind === ts.SyntaxKind.FalseKeyword) return replace(value, "true");
  return replace(value, "undefined");
}

/** Whether an expression is either true or false. */
function isTruth(value: ts.Expression): boolean {
  if (ts.isPrefixUnaryExpression(value)) return value.operator === ts.SyntaxKind.ExclamationToken;
  if (!ts.isBinaryExpression(value)) return false;
  const { kind } = value.operatorToken;
  const isComparison = kind >= ts.SyntaxKind.LessThanToken && kind <= ts.SyntaxKind.ExclamationEqualsEqualsToken;
  return isComparison || kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;
}

/** Whether nothing after a statement is reached. */
function leaves(statement: ts.Statement): boolean {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  return last !== undefined && (ts.isThrowStatement(last) || ts.isReturnStatement(last));
}

function replace(node: ts.Node, text: string): Mutation {
  return { start: node.getStart(), end: node.end, text };
}
