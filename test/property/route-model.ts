import { isDeepStrictEqual } from 'node:util';
import { NOW } from '../support/forge.js';
import { contradictionOn, doubtOn, Level, TAKEN, type Taken } from './route-level.js';
import type { Claims, Demands, GuardName, Route, Sent, Wanted } from './route-notation.js';

/** What the documentation says of a route: whether its application starts, and how the route answers. */
export class Model {
  /** `unclear` if the documentation can be read in more ways than one. */
  readonly start: 'starts' | 'mistake' | 'unclear';
  /** What the mistake is, or what is unclear. */
  readonly why?: string;
  private readonly levels: readonly Level[];
  /** The index of the nearest level with a token guard; -1 for none. */
  private readonly nearest: number;
  /** Whether `@Public()` holds. */
  private readonly isOpen: boolean;
  private readonly isOptional: boolean;

  constructor(private readonly route: Route) {
    this.levels = route.levels.map((marks) => new Level(marks));
    this.nearest = this.last(({ namesGuard }) => namesGuard);
    this.isOpen = this.holds(
      this.last(({ isPublic }) => isPublic),
      (level) => level.requiresToken || level.isOptional || level.publics.includes(false),
    );
    this.isOptional = this.holds(
      this.last(({ isOptional }) => isOptional),
      ({ requiresToken }) => requiresToken,
    );
    const doubt = this.levels.map(doubtOn).find(Boolean);
    const mistake = doubt === undefined ? this.mistake() : undefined;
    this.why = doubt ?? mistake ?? this.doubt();
    this.start = mistake !== undefined ? 'mistake' : this.why !== undefined ? 'unclear' : 'starts';
  }

  /** The index of the nearest level of a kind; -1 for none. */
  private last(test: (level: Level) => boolean): number {
    return this.levels.map(test).lastIndexOf(true);
  }

  /** Whether what stands on a level holds, because no nearer level ends it. */
  private holds(index: number, ends: (level: Level) => boolean): boolean {
    return index >= 0 && !this.levels.slice(index + 1).some(ends);
  }

  /** Why the application must not start. */
  private mistake(): string | undefined {
    const found = this.levels.map(contradictionOn).find(Boolean);
    if (found !== undefined || this.isOpen) return found;
    const concernsTokens = (level: Level) =>
      level.requiresToken || level.cancelsFresh || level.isOptional;
    if (this.nearest < 0 && this.levels.some(concernsTokens))
      return 'a restriction on a route without a token guard';
    if (this.takesRefresh && this.freshness().length > 0) return 'freshness of refresh tokens';
    return this.lacksParameter ? 'a parameter that the path does not have' : undefined;
  }

  /** Whether the nearest token guard, or a member of the nearest `anyOf`, takes refresh tokens. */
  private get takesRefresh(): boolean {
    const { guards = [], anyOfs = [] } = this.levels[this.nearest] ?? {};
    return guards[0]?.type === 'refresh' || anyOfs.flat().includes('RefreshGuard');
  }

  private get lacksParameter(): boolean {
    return this.levels
      .flatMap(({ demands }) => demands)
      .flatMap(({ params = {} }) => Object.values(params))
      .some((name) => !this.route.parameters.includes(name));
  }

  /** What is unclear about the levels together. */
  private doubt(): string | undefined {
    const nearerThan = (index: number) => this.levels.slice(index + 1);
    const isPublic = this.last((level) => level.isPublic);
    const optional = this.last(({ isOptional }) => isOptional);
    if (this.nearest < 0 && this.levels.some(({ publics }) => publics.length > 0))
      return '@Public on a route that has no token guard on any level';
    if (this.isOpen && this.lacksParameter)
      return '@MatchParam further out than @Public, of a parameter that the path does not have';
    if (this.isOpen && nearerThan(isPublic).some(({ cancelsFresh }) => cancelsFresh))
      return '@Fresh(false) further in than @Public';
    const isHalfClosed = ({ cancelsFresh, publics }: Level) =>
      cancelsFresh || publics.includes(false);
    if (this.isOptional && nearerThan(optional).some(isHalfClosed))
      return '@Fresh(false) or @Public(false) further in than @JwtOptional';
    return this.nearest < 0 || this.isOpen ? undefined : this.doubtAboutGuards();
  }

  /** What is unclear if guards on several levels differ. */
  private doubtAboutGuards(): string | undefined {
    const { guards, anyOfs } = this.levels[this.nearest] as Level;
    const outer = this.levels.slice(0, this.nearest);
    if (anyOfs.length > 0 && outer.some((level) => level.guards.some(({ isFresh }) => isFresh)))
      return 'FreshGuard further out than an anyOf';
    const outerMembers = outer.flatMap((level) => level.anyOfs.flat());
    if (anyOfs.length > 0 && outerMembers.length > 0) return 'anyOf further out than an anyOf';
    const isOther = (name: GuardName) =>
      name === 'FreshGuard' || (name !== 'KeyGuard' && TAKEN[name].type !== guards[0]?.type);
    if (outerMembers.some(isOther)) return 'anyOf further out than a guard that takes other tokens';
    const isCancelled = this.last(({ cancelsFresh }) => cancelsFresh) > this.nearest;
    return isCancelled && anyOfs.flat().includes('FreshGuard')
      ? '@Fresh(false) further in than an anyOf with FreshGuard'
      : undefined;
  }

  /** Whether the route asks a token guard. */
  get isGuarded(): boolean {
    return this.nearest >= 0 && !this.isOpen;
  }

  /** The answers that are allowed: the status, then the code of the refusal or who was let in. */
  answers(sent: Sent): readonly string[] {
    const { guards = [], anyOfs = [] } = this.levels[this.nearest] ?? {};
    const [guard] = guards;
    if (this.isGuarded && !guard) return this.answersOf(anyOfs.flat(), sent);
    const answers =
      this.isGuarded && guard ? this.journey({ type: guard.type }, sent) : ['200 nobody'];
    // A guard further out that knows nothing of tokens may have left its own user.
    const isKeyed = sent.key === 'good' && this.levels.some(hasKeyGuard);
    return isKeyed && answers.includes('200 nobody') ? [...answers, '200 key'] : answers;
  }

  /** The first guard that lets the request in counts; if none does, one of the refusals of its token. */
  private answersOf(members: readonly GuardName[], sent: Sent): readonly string[] {
    const refusals: string[] = [];
    for (const name of members) {
      if (name !== 'KeyGuard') {
        const answers = this.journey(TAKEN[name], sent);
        if (answers.some(isEntry)) return answers;
        refusals.push(...answers);
      } else if (sent.key === 'good') return ['200 key'];
    }
    return refusals;
  }

  /** The journey of a token: signature, expiry, type, freshness, revocation, requirements. */
  private journey({ type, isFresh }: Taken, sent: Sent): readonly string[] {
    if (!sent.token) return [this.isOptional ? '200 nobody' : '401 TOKEN_MISSING'];
    const { state, claims } = sent.token;
    if (state === 'forged') return ['422 TOKEN_INVALID'];
    if (state === 'expired') return ['401 TOKEN_EXPIRED'];
    if (type !== 'any' && type !== claims.type) return ['422 TOKEN_WRONG_TYPE'];
    const wanted = isFresh ? [true as const, ...this.freshness()] : this.freshness();
    if (!wanted.every((each) => isFreshEnough(each, claims))) return ['401 TOKEN_NOT_FRESH'];
    const demands = this.levels.flatMap((level) => level.demands);
    const isMet = demands.every((each) => meets(each, sent, claims));
    const after = isMet ? `200 ${String(claims.sub)}` : '403 CLAIMS_INSUFFICIENT';
    return state === 'revoked' ? this.revoked(after) : [after];
  }

  /** It is unclear whether a restriction further in than `skipRevocationCheck` ends it. */
  private revoked(after: string): readonly string[] {
    if (!this.levels[this.nearest]?.skipsRevocation) return ['401 TOKEN_REVOKED'];
    const isTightened = this.levels.slice(this.nearest + 1).some((level) => level.requiresToken);
    return isTightened ? [after, '401 TOKEN_REVOKED'] : [after];
  }

  /** What is required of freshness, from the nearest `@Fresh(false)` inwards. */
  private freshness(): Wanted[] {
    const from = this.last(({ cancelsFresh }) => cancelsFresh);
    return this.levels.slice(from + 1).flatMap(({ fresh }) => fresh);
  }
}

function hasKeyGuard({ anyOfs }: Level): boolean {
  return anyOfs.flat().includes('KeyGuard');
}

export function isEntry(answer: string): boolean {
  return answer.startsWith('2');
}

function isFreshEnough(wanted: Wanted, claims: Claims): boolean {
  const { fresh, auth_time: authTime = claims.iat } = claims;
  const isFresh = fresh === true || (typeof fresh === 'number' && fresh > NOW);
  return isFresh && (wanted === true || NOW - (authTime as number) <= wanted.maxAge);
}

function meets(demands: Demands, { parameters }: Sent, claims: Claims): boolean {
  const { scope = [], params = {}, override } = demands;
  if (override && matches(claims, override)) return true;
  return (
    matches(claims, demands.claims ?? {}) &&
    scope.every((word) => wordsOf(claims.scope).includes(word)) &&
    Object.entries(params).every(([claim, name]) =>
      [claims[claim]].flat().some((value) => isText(value, parameters[name])),
    )
  );
}

function wordsOf(scope: unknown): unknown[] {
  if (typeof scope === 'string') return scope.split(' ');
  return Array.isArray(scope) ? scope : [];
}

function isText(value: unknown, text: string | undefined): boolean {
  return value === text || (typeof value === 'number' && String(value) === text);
}

/** Objects member by member, all elements of a list, one of a list, or equal. */
function matches(claim: unknown, required: unknown): boolean {
  if (Array.isArray(required))
    return Array.isArray(claim) && required.every((each) => claim.includes(each));
  if (Array.isArray(claim)) return claim.includes(required);
  if (typeof required !== 'object' || required === null) return isDeepStrictEqual(claim, required);
  if (typeof claim !== 'object' || claim === null) return false;
  return Object.entries(required).every(([name, value]) => matches((claim as Claims)[name], value));
}
