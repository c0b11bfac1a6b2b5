import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** A fenced block of the README. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The heading of its section. */
  readonly section: string;
  /** The line of its first line, counted from 1. */
  readonly line: number;
}

/** A command of a console block and its output. */
export interface Step {
  readonly command: string;
  readonly output: string;
}

/** A row of a table: its cells by the heading of their column. */
export type Row = Readonly<Record<string, string>>;

/** The blocks in one language. */
export function blocksIn(language: string): readonly Block[] {
  const fences = readme().matchAll(/^```(\w+)\n([^]*?)^```$/gm);
  return [...fences]
    .map(({ 0: match, 1: tongue = '', 2: text = '', index }) => ({
      language: tongue,
      text,
      section: sectionAt(index),
      line: lineOf(match),
    }))
    .filter((block) => block.language === language);
}

/** The commands of a block and their output, without the lines that begin with `#`, which are comments. */
export function stepsOf({ text }: Block): readonly Step[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
  const steps: { command: string; printed: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), printed: [] });
    else steps.at(-1)?.printed.push(line);
  }
  return steps.map(({ command, printed }) => ({ command, output: printed.join('\n') }));
}

/** The rows of the only table with this first heading. */
export function tableOf(firstHeading: string): readonly Row[] {
  const tables = readme().match(/(?:^\|.*\|\n)+/gm) ?? [];
  const [table, ...others] = tables
    .map((text) => text.trim().split('\n').map(cellsOf))
    .filter(([headings]) => headings?.[0] === firstHeading);
  const [headings, , ...rows] = table ?? [];
  if (!headings || others.length > 0) throw new Error(`No table, or several, of ${firstHeading}`);
  return rows.map((cells) => Object.fromEntries(headings.map((name, at) => [name, cells[at]!])));
}

/** The text of a cell without backticks. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

function readme(): string {
  return readFileSync(join(root, 'README.md'), 'utf8');
}

function sectionAt(index: number): string {
  const headings = [
    ...readme()
      .slice(0, index)
      .matchAll(/^## (.+)$/gm),
  ];
  return headings.at(-1)?.[1] ?? '';
}

function lineOf(fence: string): number {
  const text = readme();
  return text.slice(0, text.indexOf(fence)).split('\n').length + 1;
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}
