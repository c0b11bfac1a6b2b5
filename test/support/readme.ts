import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

export const root = resolve(import.meta.dirname, '../..');

/** The README and the guides, by their paths. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'sample'))
    .sort()
    .map((sample) => `sample/${sample}/README.md`),
];

/** A fenced block of a page. */
export interface Block {
  /** The path of its page. */
  readonly page: string;
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

/** The blocks in one language, of all pages. */
export function blocksIn(language: string): readonly Block[] {
  return PAGES.flatMap(blocksOf).filter((block) => block.language === language);
}

function blocksOf(page: string): readonly Block[] {
  const text = pageAt(page);
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map((fence) => {
    const before = text.slice(0, fence.index);
    return {
      page,
      language: fence[1] ?? '',
      text: fence[2] ?? '',
      section: [...before.matchAll(/^## (.+)$/gm)].at(-1)?.[1] ?? '',
      line: before.split('\n').length + 1,
    };
  });
}

/** A first line that names the file of an excerpt, in each language of the guides. */
const SOURCE = /^(?:\/\/|#|<!--) ((?:sample|test)\/\S+)(?: -->)?\n/;

/** The path of the file from which a block was taken, if its first line names one. */
export function sourceOf({ text }: Block): string | undefined {
  return SOURCE.exec(text)?.[1];
}

/** Whether a block is a part of its file: the same lines, all with the same indentation before them. */
export function isExcerpt(block: Block): boolean {
  const file = `\n${pageAt(sourceOf(block) ?? '')}\n`;
  const lines = block.text.replace(SOURCE, '').trimEnd().split('\n');
  return [0, 2, 4, 6, 8, 10].some((width) => {
    const indented = lines.map((line) => (line === '' ? '' : ' '.repeat(width) + line));
    return file.includes(`\n${indented.join('\n')}\n`);
  });
}

/** JavaScript of a TypeScript module, with the metadata of its decorators. */
export function compiled(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  return outputText;
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
  const tables = PAGES.flatMap((page) => pageAt(page).match(/(?:^\|.*\|\n)+/gm) ?? []);
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

/** The text of a page. */
export function pageAt(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}
