/** A TypeScript example in a README or in a documentation comment. */
export interface Example {
  /** The file it stands in. */
  readonly file: string;
  /** The line of its first line of code, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** Whether its fence says `ts no-run`: it is compiled and not executed. */
  readonly isCompiledOnly: boolean;
}

const fence = /^(?<indent>[ \t]*)```(?<language>\w*)[ \t]*(?<flags>.*)$/;

/** Every ```` ```ts ```` block of a Markdown text. */
export function examplesOfMarkdown(file: string, text: string): Example[] {
  return fencedBlocks(file, text.split("\n"), 1);
}

/** Every ```` ```ts ```` block in a documentation comment of a TypeScript source. */
export function examplesOfSource(file: string, text: string): Example[] {
  const comments = text.matchAll(/\/\*\*[\s\S]*?\*\//g);
  return [...comments].flatMap((comment) => {
    const lines = comment[0].split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
    return fencedBlocks(file, lines, lineOf(text, comment.index));
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

function fencedBlocks(file: string, lines: readonly string[], firstLine: number): Example[] {
  const examples: Example[] = [];
  let open: { indent: string; isExample: boolean; flags: string; line: number; code: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    const { indent = "", language = "", flags = "" } = fence.exec(line)?.groups ?? {};
    if (open === undefined) {
      if (fence.test(line)) {
        open = { indent, isExample: /^(ts|typescript)$/.test(language), flags, line: firstLine + index + 1, code: [] };
      }
    } else if (/^\s*```\s*$/.test(line)) {
      if (open.isExample) {
        const isCompiledOnly = /\bno-run\b/.test(open.flags);
        examples.push({ file, line: open.line, code: open.code.join("\n"), isCompiledOnly });
      }
      open = undefined;
    } else {
      open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open !== undefined) {
    throw new Error(`${file}:${open.line}: the code block has no end`);
  }
  return examples;
}

/** What the example says it prints: the text of each `// => value`, in order. */
export function expectedOutput(code: string): string[] {
  return [...code.matchAll(/\/\/ => (.*)$/gm)].map((match) => (match[1] ?? "").trim());
}

/** Whether the output is what the example says; how values are broken into lines makes no difference. */
export function isExpectedOutput(expected: readonly string[], output: string): boolean {
  const words = (text: string): string => text.split(/\s+/).join(" ").trim();
  return expected.length === 0 || words(expected.join(" ")) === words(output);
}

const brokerUrl = /\b(mqtt|tcp|ws):\/\/([^@\s"'`/]*@)?(?:127\.0\.0\.1|localhost)(?::\d+)?/g;

/** Whether the example connects to a broker of this machine. */
export function needsBroker(code: string): boolean {
  return code.search(brokerUrl) >= 0;
}

/** Puts the addresses of a broker that runs in the place of those that the example shows. */
export function withBroker(code: string, urls: { readonly tcp: string; readonly ws: string }): string {
  return code.replace(brokerUrl, (_, scheme: string, user: string | undefined) => {
    const { host } = new URL(scheme === "ws" ? urls.ws : urls.tcp);
    return `${scheme}://${user ?? ""}${host}`;
  });
}
