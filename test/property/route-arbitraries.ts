import fc from 'fast-check';
import { NOW } from '../support/forge.js';
import type { GuardName, Mark, Required, Route, Sent } from './route-notation.js';

/** An object without the members that are undefined. */
function given<T extends object>(members: T): T {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as T;
}

/** `undefined` so many times more often than a value. */
function seldom<T>(arbitrary: fc.Arbitrary<T>, times = 4): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

const OVERRIDE = seldom(fc.constant({ role: 'root' }), 3);
const CLAIMS = fc.constantFrom<Record<string, unknown>>(
  { role: 'admin' },
  { role: 'editor' },
  { role: ['admin', 'editor'] },
  { org: { verified: true } },
);
const SCOPE = fc.subarray(['read', 'write'], { minLength: 1 });
const PARAMS = fc.constantFrom<Record<string, string>>({ sub: 'id' }, { projects: 'id' });
const FRESH = fc.constantFrom<true | { maxAge: number }>(true, { maxAge: 60 }, { maxAge: 600 });

function demand(kind: 'claims' | 'scope' | 'params', wanted: fc.Arbitrary<unknown>) {
  return fc
    .tuple(wanted, OVERRIDE)
    .map(([value, override]): Mark => ({ kind, demands: given({ [kind]: value, override }) }));
}

/** Decorators that only ever ask for more. */
const RESTRICTION: fc.Arbitrary<Mark> = fc.oneof(
  FRESH.map((wanted): Mark => ({ kind: 'fresh', wanted })),
  demand('claims', CLAIMS),
  demand('scope', SCOPE),
  demand('params', PARAMS),
);

function jwtRequired(relaxing: fc.Arbitrary<Partial<Required>>): fc.Arbitrary<Mark> {
  const demands = fc.record({
    refresh: seldom(fc.constant(true as const), 3),
    fresh: seldom(FRESH),
    claims: seldom(CLAIMS),
    scope: seldom(SCOPE),
    params: seldom(PARAMS, 6),
  });
  return fc.tuple(demands, relaxing, OVERRIDE).map(([wanted, relaxed, override]): Mark => {
    const { refresh, fresh, ...rest } = { ...wanted, ...relaxed };
    const isDemanding = Boolean(rest.claims ?? rest.scope ?? rest.params);
    const options = given({ ...rest, override: isDemanding ? override : undefined });
    // A refresh token is never fresh.
    return {
      kind: 'required',
      options: given({ refresh, fresh: refresh ? undefined : fresh, ...options }),
    };
  });
}

const REQUIRED = jwtRequired(
  fc.record({
    optional: seldom(fc.boolean(), 3),
    verifyType: seldom(fc.constant(false as const), 2),
    skipRevocationCheck: seldom(fc.constant(true as const)),
  }),
).map((mark): Mark => {
  if (mark.kind !== 'required' || mark.options.verifyType !== false) return mark;
  return { kind: 'required', options: given({ ...mark.options, refresh: undefined }) };
});

const TOKEN_GUARD = fc
  .constantFrom('AccessGuard', 'AccessGuard', 'FreshGuard', 'RefreshGuard')
  .map((guard) => ({ kind: 'guard', guard }) as Mark);

const ANY_OF = fc
  .shuffledSubarray<GuardName>(['AccessGuard', 'KeyGuard', 'RefreshGuard', 'FreshGuard'], {
    minLength: 2,
    maxLength: 3,
  })
  .map((members): Mark => ({ kind: 'anyOf', members }));

const GUARD: fc.Arbitrary<Mark> = fc.oneof(
  { weight: 4, arbitrary: TOKEN_GUARD },
  { weight: 3, arbitrary: REQUIRED },
  { weight: 2, arbitrary: ANY_OF },
);

const POLICY: fc.Arbitrary<Mark> = fc.oneof(
  { weight: 8, arbitrary: RESTRICTION },
  { weight: 2, arbitrary: fc.constant<Mark>({ kind: 'fresh', wanted: false }) },
  { weight: 3, arbitrary: fc.constant<Mark>({ kind: 'optional' }) },
  { weight: 2, arbitrary: fc.constant<Mark>({ kind: 'public', isPublic: true }) },
  { weight: 1, arbitrary: fc.constant<Mark>({ kind: 'public', isPublic: false }) },
);

/** Mostly nothing or one decorator; sometimes several, in any order. */
const LEVEL: fc.Arbitrary<readonly Mark[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Mark[]>([]) },
  { weight: 3, arbitrary: fc.tuple(GUARD) },
  { weight: 4, arbitrary: fc.tuple(POLICY) },
  { weight: 3, arbitrary: fc.tuple(GUARD, POLICY) },
  { weight: 1, arbitrary: fc.tuple(POLICY, GUARD) },
  { weight: 1, arbitrary: fc.tuple(RESTRICTION, POLICY, GUARD) },
  { weight: 1, arbitrary: fc.tuple(GUARD, GUARD) },
);

/** Routes of an application with these guards: with up to two base classes. */
export function routesUnder(application: readonly Mark[]): fc.Arbitrary<Route> {
  return fc
    .record({
      bases: fc.array(LEVEL, { maxLength: 2 }),
      controller: LEVEL,
      handler: LEVEL,
      parameters: fc.constantFrom(['id'], ['id'], ['id'], []),
      owner: fc.nat(2),
    })
    .map(({ bases, controller, handler, ...rest }) => ({
      ...rest,
      levels: [application, ...bases, controller, handler],
    }));
}

/** A restriction, and where it is added. */
export interface Addition {
  readonly mark: Mark;
  /** Modulo the levels within the application. */
  readonly level: number;
  readonly isFirst: boolean;
}

export const ADDITIONS: fc.Arbitrary<Addition> = fc.record({
  mark: fc.oneof(
    { weight: 6, arbitrary: RESTRICTION },
    { weight: 3, arbitrary: TOKEN_GUARD },
    { weight: 3, arbitrary: jwtRequired(fc.constant({})) },
    { weight: 1, arbitrary: fc.constant<Mark>({ kind: 'key' }) },
    { weight: 1, arbitrary: fc.constant<Mark>({ kind: 'public', isPublic: false }) },
  ),
  level: fc.nat(11),
  isFirst: fc.boolean(),
});

/** Every other token has most of what a route may require, or hardly any would pass. */
const RICH = {
  ...{ fresh: true, org: { verified: true }, projects: ['alice', 'p1'], role: ['admin', 'editor'] },
  ...{ scope: 'read write', sub: 'alice' },
};

const TOKEN_CLAIMS = fc
  .record({
    type: fc.constantFrom('access', 'access', 'access', 'refresh'),
    fresh: fc.constantFrom<boolean | number>(true, true, false, NOW + 60, NOW),
    iat: fc.constantFrom(NOW, NOW, NOW - 60, NOW - 601),
    auth_time: fc.constantFrom(undefined, NOW, NOW - 60, NOW - 61, NOW - 600, NOW - 3600),
    role: fc.constantFrom(undefined, 'admin', 'editor', 'root', ['admin', 'editor'], ['editor']),
    scope: fc.constantFrom(undefined, 'read', 'read write', ['read', 'write'], ['write']),
    org: fc.constantFrom(undefined, { verified: true }, { verified: false, id: 1 }),
    projects: fc.constantFrom(undefined, ['alice', 'p1'], 'p1', 7, [7]),
    sub: fc.constantFrom('alice', 'bob'),
    isRich: fc.boolean(),
  })
  .map(({ isRich, ...claims }) => {
    const { type, fresh, ...rest } = { ...claims, ...(isRich ? RICH : {}) };
    return given({ type, fresh: type === 'access' && fresh, ...rest });
  });

export const SENT: fc.Arbitrary<Sent> = fc
  .record({
    state: fc.oneof(
      { weight: 5, arbitrary: fc.constant('good') },
      { weight: 4, arbitrary: fc.constantFrom('none', 'expired', 'revoked', 'forged') },
    ),
    claims: TOKEN_CLAIMS,
    key: seldom(fc.constantFrom('good', 'bad'), 1),
    id: fc.constantFrom('alice', 'alice', 'p1', '7', 'bob'),
  })
  .map(({ state, claims, key, id }) => {
    const token = state === 'none' ? undefined : { state, claims };
    return given({ token, key, parameters: { id } }) as Sent;
  });
