import type {
  Demands,
  GuardName,
  Mark,
  Required,
  Route,
  TokenGuardName,
  Wanted,
} from './route-notation.js';

/** The tokens that a guard takes. */
export interface Taken {
  readonly type: 'access' | 'refresh' | 'any';
  readonly isFresh?: boolean;
}

export const TAKEN: Record<TokenGuardName, Taken> = {
  AccessGuard: { type: 'access' },
  FreshGuard: { type: 'access', isFresh: true },
  RefreshGuard: { type: 'refresh' },
};

/** The decorators of one level, sorted by what they say. */
export class Level {
  readonly guards: Taken[] = [];
  readonly anyOfs: (readonly GuardName[])[] = [];
  readonly fresh: Wanted[] = [];
  readonly demands: Demands[] = [];
  readonly publics: boolean[] = [];
  readonly optionals: boolean[] = [];
  readonly required: Required[] = [];
  cancelsFresh = false;
  /** How many `@Fresh` there are. */
  said = 0;

  constructor(marks: readonly Mark[]) {
    for (const mark of marks) this.read(mark);
  }

  private read(mark: Mark): void {
    if (mark.kind === 'guard') this.addGuard(TAKEN[mark.guard]);
    else if (mark.kind === 'anyOf') this.anyOfs.push(mark.members);
    else if (mark.kind === 'required') this.addRequired(mark.options);
    else if (mark.kind === 'optional') this.optionals.push(true);
    else if (mark.kind === 'public') this.publics.push(mark.isPublic);
    else if (mark.kind === 'fresh') this.addFresh(mark.wanted);
    else if ('demands' in mark) this.demands.push(mark.demands);
  }

  private addFresh(wanted: Wanted | false): void {
    this.said++;
    if (wanted === false) this.cancelsFresh = true;
    else this.fresh.push(wanted);
  }

  private addRequired(options: Required): void {
    const { refresh, fresh, optional, verifyType, ...demands } = options;
    this.required.push(options);
    this.addGuard({ type: verifyType === false ? 'any' : refresh ? 'refresh' : 'access' });
    if (fresh) this.fresh.push(fresh);
    if (optional !== undefined) this.optionals.push(optional);
    if (demands.claims ?? demands.scope ?? demands.params) this.demands.push(demands);
  }

  private addGuard(guard: Taken): void {
    this.guards.push(guard);
    if (guard.isFresh) this.fresh.push(true);
  }

  get isPublic(): boolean {
    return this.publics.includes(true);
  }

  get isOptional(): boolean {
    return this.optionals.includes(true);
  }

  get namesGuard(): boolean {
    return this.guards.length + this.anyOfs.length > 0;
  }

  /** "A guard, `@Fresh` or a requirement … further in requires a token again." */
  get requiresToken(): boolean {
    return this.namesGuard || this.fresh.length + this.demands.length > 0;
  }

  get skipsRevocation(): boolean {
    return this.required.some(({ skipRevocationCheck }) => skipRevocationCheck);
  }
}

/** What contradicts itself on one level. */
export function contradictionOn(level: Level): string | undefined {
  const { guards, publics, fresh, cancelsFresh } = level;
  if (new Set(guards.map(({ type }) => type)).size > 1) return 'guards for two types of token';
  if (level.isPublic && (level.requiresToken || level.isOptional))
    return '@Public() beside a decorator that concerns tokens';
  if (level.required.length > 1) return '@JwtRequired twice';
  if (publics.length > 1 && publics.includes(false)) return '@Public() and @Public(false)';
  if (level.isOptional && level.optionals.includes(false))
    return '@JwtOptional() and `optional: false`';
  if (cancelsFresh && fresh.length > 0) return '@Fresh(false) beside a demand for freshness';
  if (fresh.length > 0 && guards.some(({ type }) => type === 'refresh'))
    return 'freshness of refresh tokens';
  return undefined;
}

/** What is unclear about one level. */
export function doubtOn(level: Level): string | undefined {
  const { guards, anyOfs, cancelsFresh, publics } = level;
  const types = new Set(guards.map(({ type }) => type));
  if (level.isPublic && level.namesGuard) return '@Public() and a token guard on one level';
  if (level.isPublic && cancelsFresh) return '@Public() and @Fresh(false) on one level';
  if (publics.includes(false) && level.isOptional)
    return '@Public(false) and @JwtOptional() on one level';
  if (types.size > 1 && types.has('any'))
    return '`verifyType: false` and another guard on one level';
  if (level.skipsRevocation && guards.length > 1)
    return '`skipRevocationCheck` and another guard on one level';
  if (anyOfs.length > 1) return 'two anyOf on one level';
  if (anyOfs.length > 0 && guards.length > 0) return 'anyOf and a token guard on one level';
  if (anyOfs.flat().includes('FreshGuard') && cancelsFresh)
    return '@Fresh(false) and an anyOf with FreshGuard on one level';
  return undefined;
}

/**
 * Whether a decorator, added to a level, only asks for more. A token guard does not if it takes tokens that the route's
 * nearest token guard refuses, since the nearest one decides which type is taken.
 */
export function isRestriction({ levels: marks }: Route, index: number, mark: Mark): boolean {
  const levels = marks.map((each) => new Level(each));
  const nearest = levels.map(({ namesGuard }) => namesGuard).lastIndexOf(true);
  const [added] = new Level([mark]).guards;
  if (!added || index < nearest || nearest < 0) return true;
  const { guards, anyOfs } = levels[nearest] as Level;
  const members = anyOfs.flat().flatMap((name) => (name === 'KeyGuard' ? [] : [TAKEN[name]]));
  return [...guards, ...members].some(({ type }) => type === 'any' || type === added.type);
}
