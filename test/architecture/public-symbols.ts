import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../tooling/sources.js';

export interface PublicSymbol {
  readonly name: string;
  /** Its doc comment, or that of whatever it is an alias of. */
  readonly comment: string;
}

/** Everything that an entry point of `src` exports, and the public methods of its classes. */
export function publicSymbols(entry: string): PublicSymbol[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const index = join(root, 'src', entry);
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index)!);

  return checker.getExportsOfModule(module!).flatMap((exported) => {
    const symbol =
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return [
      describeSymbol(symbol.name, symbol),
      ...publicMethods(symbol).map((method) =>
        describeSymbol(`${symbol.name}.${method.name}`, method),
      ),
    ];
  });

  function describeSymbol(name: string, symbol: ts.Symbol): PublicSymbol {
    return { name, comment: ts.displayPartsToString(symbol.getDocumentationComment(checker)) };
  }
}

/** What a class itself declares; what its decorator or Nest demands (`canActivate`…) explains itself. */
function publicMethods(symbol: ts.Symbol): ts.Symbol[] {
  const members = [...(symbol.members?.values() ?? [])];
  return members.filter((member) => {
    const declaration = member.valueDeclaration;
    if (!declaration || !ts.isMethodDeclaration(declaration)) return false;
    if (ts.isPrivateIdentifier(declaration.name) || frameworkHooks.has(member.name)) return false;
    return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) === 0;
  });
}

const frameworkHooks = new Set([
  ...['canActivate', 'catch', 'configure', 'getStatus', 'getResponse'],
  ...['onModuleInit', 'onModuleDestroy', 'onApplicationBootstrap', 'onApplicationShutdown'],
]);
