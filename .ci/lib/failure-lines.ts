/** How many lines are shown of one suite. */
const maximumLines = 20;

// eslint-disable-next-line no-control-regex -- Colours begin with the control character ESC.
const colour = /\u001b\[[0-9;]*m/g;

/** The lines of a suite's output that name what failed, each once: those that say FAIL or FAILED, or begin with a cross. */
export function failureLines(output: string): string[] {
  const lines = output.replace(colour, "").split("\n");
  const failures = lines.map((line) => line.trim()).filter((line) => /^(FAIL|FAILED|not ok|[×✗✘])\s/.test(line));
  return [...new Set(failures)].slice(0, maximumLines);
}
