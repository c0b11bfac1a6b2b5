/** Routes and requests as data, and how a person would write them. */
export type TokenGuardName = 'AccessGuard' | 'FreshGuard' | 'RefreshGuard';
export type GuardName = TokenGuardName | 'KeyGuard';
export type Wanted = true | { readonly maxAge: number };
export type Claims = Readonly<Record<string, unknown>>;

/** What one decorator requires of a token, and the claims that excuse from it. */
export interface Demands {
  readonly claims?: Claims;
  readonly scope?: readonly string[];
  /** The parameter that each claim must equal. */
  readonly params?: Readonly<Record<string, string>>;
  readonly override?: Claims;
}

/** The options of `@JwtRequired`. */
export interface Required extends Demands {
  readonly refresh?: true;
  readonly fresh?: Wanted;
  readonly optional?: boolean;
  readonly verifyType?: false;
  readonly skipRevocationCheck?: true;
}

/** One decorator; `key` is a guard that knows nothing of tokens. */
export type Mark =
  | { readonly kind: 'guard'; readonly guard: TokenGuardName }
  | { readonly kind: 'key' | 'optional' }
  | { readonly kind: 'anyOf'; readonly members: readonly GuardName[] }
  | { readonly kind: 'required'; readonly options: Required }
  | { readonly kind: 'fresh'; readonly wanted: Wanted | false }
  | { readonly kind: 'public'; readonly isPublic: boolean }
  | { readonly kind: 'claims' | 'scope' | 'params'; readonly demands: Demands };

/** A route: the decorators of each of its levels, the application first, then its classes, the handler last. */
export interface Route {
  readonly parameters: readonly string[];
  readonly levels: readonly (readonly Mark[])[];
  /** Which of its classes declares the handler; the others inherit it, or are its bases. Modulo their number. */
  readonly owner: number;
}

/** What a client sends. */
export interface Sent {
  readonly token?: {
    readonly state: 'good' | 'expired' | 'revoked' | 'forged';
    readonly claims: Claims;
  };
  readonly key?: 'good' | 'bad';
  readonly parameters: Readonly<Record<string, string>>;
}

/** A route in decorators, level by level. */
export function writtenRoute({ parameters, levels, owner }: Route): string {
  const bases = levels.slice(1, -2).map((_, at) => `base class ${at}`);
  const names = ['application', ...bases, 'class', 'handler'];
  const declaring = names[1 + (owner % (bases.length + 1))];
  return levels
    .map((marks, at) => `${names[at]}: ${marks.map(writtenMark).join(' ') || '-'}`)
    .concat(
      `handler declared in the ${declaring}, path /${parameters.map((name) => `:${name}`).join('/')}`,
    )
    .join('\n  ');
}

function writtenMark(mark: Mark): string {
  const json = (value: unknown) => JSON.stringify(value);
  switch (mark.kind) {
    case 'guard':
      return `@UseGuards(${mark.guard})`;
    case 'key':
      return '@UseGuards(KeyGuard)';
    case 'anyOf':
      return `@UseGuards(anyOf(${mark.members.join(', ')}))`;
    case 'required':
      return `@JwtRequired(${json(mark.options)})`;
    case 'fresh':
      return `@Fresh(${json(mark.wanted)})`;
    case 'optional':
      return '@JwtOptional()';
    case 'public':
      return `@Public(${mark.isPublic})`;
    default:
      return `@Require(${json(mark.demands)})`;
  }
}

export function writtenRequest({ token, key, parameters }: Sent): string {
  const told = token ? `${token.state} token ${JSON.stringify(token.claims)}` : 'no token';
  return `${told}, API key ${key ?? 'none'}, parameters ${JSON.stringify(parameters)}`;
}
