/** One command of a document's example, with what the document says it prints. */
export interface Example {
  readonly command: string;
  /** Lines; "…" stands for anything within a line, alone for any number of lines. Empty: nothing is promised but status 0. */
  readonly output: readonly string[];
  /** Where the command stands in the document, from 1. */
  readonly line: number;
}

/** The line before a block that is executed; see CONTRIBUTING.md. */
const MARK = '<!-- runs in the demo -->';

/**
 * The executable examples of a Markdown document: fenced blocks after the mark, in which "$ " begins a command, a
 * backslash at the end of a line goes on with it, and what follows is its output.
 * @throws Error naming the line when a marked block is missing or has no command
 */
export function parseExamples(markdown: string): Example[] {
  const lines = markdown.split('\n');
  return lines.flatMap((line, index) => (line.trim() === MARK ? parseBlock(lines, index + 1) : []));
}

function parseBlock(lines: readonly string[], start: number): Example[] {
  const examples: { command: string; output: string[]; line: number }[] = [];
  if (!/^```(console|bash|sh)/.test(lines[start] ?? '')) throw new Error(`line ${start + 1}: no console block follows the mark`);
  for (let index = start + 1; index < lines.length && lines[index] !== '```'; index++) {
    const text = lines[index] ?? '';
    const last = examples.at(-1);
    if (text.startsWith('$ ')) examples.push({ command: text.slice(2), output: [], line: index + 1 });
    else if (last === undefined) throw new Error(`line ${index + 1}: a marked block begins with a command ("$ …")`);
    else if (last.command.endsWith('\\') && last.output.length === 0)
      last.command = `${last.command.slice(0, -1)} ${text.trim()}`;
    else if (text.trim() !== '') last.output.push(text);
  }
  if (examples.length === 0) throw new Error(`line ${start + 1}: a marked block without a command`);
  return examples;
}

/** Whether what a program printed is what a document promises. Runs of blanks are one: columns are as wide as the numbers of the day. */
export function matchesOutput(promised: readonly string[], printed: string): boolean {
  if (promised.length === 0) return true;
  const pattern = promised
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${blanks(line).split('…').map(escape).join('.*')}\\n`))
    .join('');
  const text = printed
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `${blanks(line)}\n`)
    .join('');
  return new RegExp(`^${pattern}$`).test(text);
}

function blanks(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ');
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
