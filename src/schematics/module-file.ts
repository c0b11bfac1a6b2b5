import type ts from 'typescript';

export type TypeScript = typeof ts;

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The source of a Nest module. What is added fits its style; the rest stays as it is, comments and line ends included. */
export class ModuleFile {
  private readonly source: ts.SourceFile;
  private readonly metadata: ts.ObjectLiteralExpression;
  private readonly imports: readonly ts.ImportDeclaration[];
  private readonly edits: Edit[] = [];
  private readonly lineEnd: string;
  private readonly indent: string;

  /** @throws {Error} if it has a syntax error, no module, or one whose metadata is computed. */
  constructor(
    private readonly ts: TypeScript,
    private readonly path: string,
    private readonly text: string,
  ) {
    this.source = parse(ts, path, text);
    this.requireSyntax();
    this.metadata = this.readMetadata();
    this.imports = this.source.statements.filter((node) => ts.isImportDeclaration(node));
    this.lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
    this.indent = /^\t/m.test(text) ? '\t' : '  ';
  }

  /** Whether the code, not only a comment, has this name in it. */
  mentions(name: string): boolean {
    return mentions(this.ts, this.source, name);
  }

  /** How the file ends the paths of its neighbours: usually with `.js` in ES modules, and with nothing in CommonJS. */
  relativeExtension(isEsModule: boolean): string {
    const paths = this.imports.map(({ moduleSpecifier }) => this.textOf(moduleSpecifier));
    const neighbour = paths.find((path) => /^['"]\./.test(path));
    if (neighbour === undefined) return isEsModule ? '.js' : '';
    return /\.[jt]s(?=['"]$)/.exec(neighbour)?.[0] ?? '';
  }

  addImport(name: string, from: string): void {
    const last = this.imports.at(-1);
    const quote = last === undefined ? "'" : this.textOf(last.moduleSpecifier).slice(0, 1);
    const end = last === undefined || this.textOf(last).endsWith(';') ? ';' : '';
    const line = `import { ${name} } from ${quote}${from}${quote}${end}`;
    if (last === undefined) this.replace(0, 0, line + this.lineEnd);
    else this.insert(this.afterComments(last.end), this.lineEnd + line);
  }

  /**
   * Appends to the list `imports` or `controllers` of the module; makes the list if there is none.
   *
   * @throws {Error} if the list is computed.
   */
  append(member: 'imports' | 'controllers', expressions: readonly string[]): void {
    const property = this.metadata.properties.find(
      ({ name }) => name !== undefined && /^['"]?(\w+)/.exec(this.textOf(name))?.[1] === member,
    );
    if (property === undefined) this.addList(member, expressions);
    else if (
      this.ts.isPropertyAssignment(property) &&
      this.ts.isArrayLiteralExpression(property.initializer)
    )
      this.appendTo(property.initializer, expressions);
    else throw this.computed(`${member} of the module`, 'an array');
  }

  /** The source with everything that was added. */
  changed(): string {
    // From the end to the start, so that positions stay right; of two additions at one place the first stands first.
    const edits = [...this.edits].reverse().sort((a, b) => b.from - a.from);
    return edits.reduce(
      (text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to),
      this.text,
    );
  }

  /** Around an error the parser guesses, so additions could land anywhere. */
  private requireSyntax(): void {
    const { parseDiagnostics = [] } = this.source as { parseDiagnostics?: ts.Diagnostic[] };
    const [first] = parseDiagnostics;
    if (first === undefined) return;
    const { line } = this.source.getLineAndCharacterOfPosition(first.start ?? 0);
    const reason = this.ts.flattenDiagnosticMessageText(first.messageText, ' ');
    throw new Error(`${this.path} has a syntax error in line ${line + 1}: ${reason}`);
  }

  private readMetadata(): ts.ObjectLiteralExpression {
    const { ts } = this;
    const modules = this.source.statements.filter(ts.isClassDeclaration).flatMap((node) => {
      const calls = (ts.getDecorators(node) ?? []).map(({ expression }) => expression);
      const call = calls.filter(ts.isCallExpression).find((call) => this.isModuleDecorator(call));
      return call === undefined ? [] : [{ name: node.name?.text, argument: call.arguments[0] }];
    });
    const [only, ...others] = modules;
    const module = modules.find(({ name }) => name === 'AppModule') ?? only;
    if (module === undefined) throw new Error(this.noModule());
    if (others.length > 0 && module.name !== 'AppModule')
      throw new Error(`${this.path} has several modules, and none of them is AppModule`);
    const { argument } = module;
    if (argument === undefined || !ts.isObjectLiteralExpression(argument))
      throw this.computed('argument of @Module()', 'an object');
    if (argument.properties.some(ts.isSpreadAssignment))
      throw this.computed('argument of @Module()', 'an object without spread');
    return argument;
  }

  private noModule(): string {
    const alias = /\bModule\s+as\s+(\w+)/.exec(this.text)?.[1];
    return alias === undefined
      ? `${this.path} has no class with @Module()`
      : `${this.path} imports Module as ${alias}, which is not recognised; add JwtExtendedModule by hand`;
  }

  /** `@Module()`, and `@nest.Module()` of a namespace import. */
  private isModuleDecorator({ expression }: ts.CallExpression): boolean {
    return /^(?:\w+\.)?Module$/.test(this.textOf(expression));
  }

  private addList(member: string, expressions: readonly string[]): void {
    const [first] = this.metadata.properties;
    const outer = this.indentOf(first ?? this.metadata);
    const inner = first === undefined ? outer + this.indent : outer;
    const list = expressions.every(isShort)
      ? `${member}: [${expressions.join(', ')}],`
      : `${member}: [${this.lines(expressions, inner + this.indent)}${this.lineEnd}${inner}],`;
    if (first === undefined)
      this.insert(this.insideOf(this.metadata), this.lineEnd + inner + list + this.lineEnd + outer);
    else
      this.insert(
        first.getStart(this.source),
        list + (this.startsLine(first) ? this.lineEnd + outer : ' '),
      );
  }

  private appendTo(array: ts.ArrayLiteralExpression, expressions: readonly string[]): void {
    const last = array.elements.at(-1);
    if (this.textOf(array).includes('\n')) this.appendLines(array, expressions);
    else if (!expressions.every(isShort)) {
      this.breakBefore(array.elements, this.indentOf(array) + this.indent);
      this.appendLines(array, expressions);
    } else
      this.insert(
        last?.end ?? this.insideOf(array),
        (last === undefined ? '' : ', ') + expressions.join(', '),
      );
  }

  private appendLines(array: ts.ArrayLiteralExpression, expressions: readonly string[]): void {
    const { elements } = array;
    const last = elements.at(-1);
    const outer = this.indentOf(array);
    const inner =
      last !== undefined && this.startsLine(last) ? this.indentOf(last) : outer + this.indent;
    if (last !== undefined && !elements.hasTrailingComma) this.insert(last.end, ',');
    const lastEnd = elements.hasTrailingComma ? elements.end : last?.end;
    const place = this.afterComments(lastEnd ?? this.insideOf(array));
    this.insert(place, this.lines(expressions, inner));
    const end = array.end - 1;
    if (!this.text.slice(place, end).includes('\n')) this.replace(place, end, this.lineEnd + outer);
  }

  /** Puts each element on a line of its own. */
  private breakBefore(elements: readonly ts.Node[], indent: string): void {
    for (const element of elements) {
      const start = element.getStart(this.source);
      const before = this.text.slice(0, start);
      this.replace(before.trimEnd().length, start, this.lineEnd + indent);
    }
  }

  /** Each expression on lines of its own. */
  private lines(expressions: readonly string[], indent: string): string {
    return expressions
      .flatMap((expression) => `${expression},`.split('\n'))
      .map((line) => this.lineEnd + indent + line.replace('  ', this.indent))
      .join('');
  }

  /** The white space at the start of the line on which the node starts. */
  private indentOf(node: ts.Node): string {
    return /^[ \t]*/.exec(this.lineBefore(node) + 'x')?.[0] ?? '';
  }

  private startsLine(node: ts.Node): boolean {
    return this.lineBefore(node).trim() === '';
  }

  private lineBefore(node: ts.Node): string {
    const start = node.getStart(this.source);
    return this.text.slice(this.text.lastIndexOf('\n', start - 1) + 1, start);
  }

  /** Behind the comments that follow on the same line. */
  private afterComments(position: number): number {
    return this.ts.getTrailingCommentRanges(this.text, position)?.at(-1)?.end ?? position;
  }

  private computed(what: string, expected: string): Error {
    return new Error(
      `In ${this.path} the ${what} must be ${expected} literal; add JwtExtendedModule by hand`,
    );
  }

  /** Behind its opening bracket. */
  private insideOf(node: ts.Node): number {
    return node.getStart(this.source) + 1;
  }

  private textOf(node: ts.Node): string {
    return node.getText(this.source);
  }

  private insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  private replace(from: number, to: number, text: string): void {
    this.edits.push({ from, to, text });
  }
}

function isShort(expression: string): boolean {
  return !expression.includes('\n');
}

function parse(ts: TypeScript, path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Whether a file has this name in its code. */
export function textMentions(ts: TypeScript, text: string, name: string): boolean {
  return text.includes(name) && mentions(ts, parse(ts, 'file.ts', text), name);
}

function mentions(ts: TypeScript, node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node) && node.text === name) return true;
  return ts.forEachChild(node, (child) => mentions(ts, child, name) || undefined) ?? false;
}
