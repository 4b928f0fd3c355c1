import ts from "typescript";
import { statementsIn } from "./statements.ts";

/** A piece of code with the statements that it is there for. */
export interface Citation {
  /** The file, from the top of the repository. */
  readonly file: string;
  /** The line of the code, counted from 1. */
  readonly line: number;
  readonly statements: readonly string[];
  /** What the comment stands beside or above. */
  readonly node: ts.Node;
}

/** The citations of one source file. */
export interface FileCitations {
  readonly source: ts.SourceFile;
  readonly citations: readonly Citation[];
  /** Statements that only prose names: the documentation of a declaration, or the theory of operation. */
  readonly prose: readonly string[];
}

/**
 * Finds what a file cites. A statement is cited by code when its number stands in a `//` comment on the line on which
 * the code ends, or right above the line on which it begins.
 *
 * @throws Error for such a comment that belongs to no code.
 */
export function citationsOf(file: string, text: string): FileCitations {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<ts.Node, Set<string>>();
  const prose: string[] = [];
  for (const group of commentGroups(source)) {
    const statements = statementsIn(group.text);
    if (statements.length === 0) continue;
    const node = group.isDocumentation ? undefined : codeOf(group, source);
    if (node === undefined) prose.push(...statements);
    else found.set(node, new Set([...(found.get(node) ?? []), ...statements]));
  }
  const citations = [...found].map(([node, statements]) => {
    return { file, line: lineOf(source, node.getStart(source)), statements: [...statements], node };
  });
  return { source, citations: citations.sort((one, other) => one.node.pos - other.node.pos), prose };
}

/** Comments that stand on lines of their own, one below the other, or one comment beside code. */
interface CommentGroup {
  readonly text: string;
  readonly isDocumentation: boolean;
  /** Whether code stands before it on its line. */
  readonly isBeside: boolean;
  readonly firstLine: number;
  lastLine: number;
  end: number;
}

function commentGroups(source: ts.SourceFile): CommentGroup[] {
  const { text } = source;
  const groups: CommentGroup[] = [];
  for (const { pos, end, kind } of commentsIn(source)) {
    const line = lineOf(source, pos);
    const start = source.getPositionOfLineAndCharacter(line - 1, 0);
    const isBeside = text.slice(start, pos).trim() !== "";
    const isDocumentation = kind === ts.SyntaxKind.MultiLineCommentTrivia;
    const last = groups.at(-1);
    if (last !== undefined && !isBeside && !isDocumentation && !last.isBeside && !last.isDocumentation) {
      if (last.lastLine === line - 1) {
        groups.splice(-1, 1, { ...last, text: `${last.text}\n${text.slice(pos, end)}`, lastLine: line, end });
        continue;
      }
    }
    const lastLine = lineOf(source, end);
    groups.push({ text: text.slice(pos, end), isDocumentation, isBeside, firstLine: line, lastLine, end });
  }
  return groups;
}

/** All comments, in order. They lie between the tokens, so each token is asked for those around it. */
function commentsIn(source: ts.SourceFile): ts.CommentRange[] {
  const comments = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(source.text, node.pos) ?? []),
      ...(ts.getTrailingCommentRanges(source.text, node.end) ?? []),
    ];
    for (const range of ranges) comments.set(range.pos, range);
    node.getChildren(source).forEach(visit);
  };
  visit(source);
  return [...comments.values()].sort((one, other) => one.pos - other.pos);
}

/** The code that a comment belongs to; undefined for one that is followed by an empty line. */
function codeOf(group: CommentGroup, source: ts.SourceFile): ts.Node | undefined {
  const isOnLine = (node: ts.Node): boolean =>
    lineOf(source, node.getStart(source)) === group.firstLine && lineOf(source, node.end) === group.firstLine;
  const isBelow = (node: ts.Node): boolean => lineOf(source, node.getStart(source)) === group.lastLine + 1;
  const nodes = outermost(source, (node) => isCode(node) && (group.isBeside ? isOnLine(node) : isBelow(node)));
  const node = group.isBeside ? nodes.at(-1) : nodes[0];
  if (node === undefined && group.isBeside) {
    throw new Error(`${source.fileName}:${group.firstLine} cites beside what is no whole piece of code`);
  }
  return node;
}

/** The largest nodes of a kind, in order. */
function outermost(source: ts.SourceFile, accepts: (node: ts.Node) => boolean): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    if (accepts(node)) nodes.push(node);
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return nodes;
}

/** Whether a node can be changed by itself: a statement, an expression, or what gives a name its value. */
function isCode(node: ts.Node): boolean {
  return ts.isStatement(node) || ts.isExpression(node) || ts.isObjectLiteralElement(node) || ts.isClassElement(node);
}

/** The line of a position, counted from 1. */
function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}
