import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  InternalServerErrorException,
  NotFoundException,
  Scope,
  type Type,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  FreshGuard,
  type HttpRequest,
  JwtExtendedConfigError,
  RefreshGuard,
} from '../../../src/index.js';
import { breakingGuard, KeyGuard, WAYS_TO_ANSWER, whoAt } from '../../support/any-of.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ErrorLog, mistakeAtStart } from '../../support/routes.js';

const TOKENS = {
  access: forgeToken(accessClaims()),
  fresh: forgeToken(accessClaims({ fresh: true })),
  refresh: forgeToken(accessClaims({ type: 'refresh' })),
  expired: forgeToken(accessClaims({ exp: 1 })),
  revoked: forgeToken(accessClaims({ type: 'refresh', revoked: true })),
  unsure: forgeToken(accessClaims({ unsure: true })),
  garbage: 'a.b.c',
};
type TokenName = keyof typeof TOKENS;

const ALICE = { status: 200, body: { identity: 'alice', type: 'access', user: 'alice' } };
const REFRESHING = { status: 200, body: { identity: 'alice', type: 'refresh', user: 'alice' } };
const BY_KEY = { status: 200, body: { identity: null, type: null, user: 'key' } };
const MISSING = refused(401, 'TOKEN_MISSING', 'Missing Authorization Header');
const EXPIRED = refused(401, 'TOKEN_EXPIRED', 'Token has expired');
const REVOKED = refused(401, 'TOKEN_REVOKED', 'Token has been revoked');
const STALE = refused(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const NOT_ACCESS = refused(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const UNSURE = refused(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
const GARBAGE = {
  status: 422,
  body: { msg: expect.any(String) as unknown, code: 'TOKEN_INVALID' },
};

function refused(status: number, code: string, msg: string): object {
  return { status, body: { msg, code } };
}

/** Leaves a user on the request, and then refuses after all. */
@Injectable()
class CarelessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<HttpRequest>().user = { name: 'impostor' };
    return false;
  }
}

/** Asks for a token, and then refuses after all. */
@Injectable()
class ChoosyGuard implements CanActivate {
  constructor(private readonly access: AccessGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    return (await this.access.canActivate(context)) && false;
  }
}

@Injectable()
class Keys {
  readonly good = 'good';
}

/** No provider: it is made with those of its module. */
@Injectable()
class StoredKeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<HttpRequest>();
    return headers['x-api-key'] === this.keys.good;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard implements CanActivate {
  static made = 0;
  readonly number = ++RequestScopedGuard.made;

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    request.user = { name: `request ${this.number}` };
    return request.headers['x-api-key'] === 'good';
  }
}

/** No provider, and in need of a request when it is made. */
@Injectable()
class NeedsRequestGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: HttpRequest) {}

  canActivate(): boolean {
    return this.request.headers['x-api-key'] === 'good';
  }
}

describe.each(ADAPTERS)('anyOf on %s', (adapter) => {
  const start = (routes: Record<string, readonly (Type<CanActivate> | CanActivate)[]>, more = {}) =>
    createApp(adapter, {
      controllers: Object.entries(routes).map(([path, guards]) => whoAt(path, guards)),
      options: {
        errorCodeKey: 'code',
        loaders: {
          userLookup: ({ identity }) => ({ name: identity }),
          isTokenRevoked: ({ claims }) => claims.revoked === true,
          tokenVerification: ({ claims }) => {
            if (claims.unsure === true) throw new Error('The directory is down');
            return true;
          },
        },
      },
      configure: (nest) => nest.useLogger(new ErrorLog()),
      ...more,
    });
  const call = async (app: RunningApp, path: string, token?: TokenName, key?: string) => {
    const headers = key === undefined ? undefined : { 'x-api-key': key };
    const { status, body } = await app.send('GET', path, {
      token: token && TOKENS[token],
      headers,
    });
    return { status, body };
  };

  describe.each(Object.entries(WAYS_TO_ANSWER))('beside a guard that gives %s', (_way, guard) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start({
        'token-first': [anyOf(AccessGuard, guard)],
        'key-first': [anyOf(guard, AccessGuard)],
      });
    });
    afterAll(() => app.close());

    it.each(['/token-first', '/key-first'])('lets in whom either lets in: %s', async (path) => {
      expect(await call(app, path, 'access')).toEqual(ALICE);
      expect(await call(app, path, undefined, 'good')).toEqual(BY_KEY);
      expect(await call(app, path, 'access', 'bad')).toEqual(ALICE);
    });

    it('asks in the order given: the first that lets in says who is there', async () => {
      expect(await call(app, '/token-first', 'access', 'good')).toEqual(ALICE);
      expect(await call(app, '/key-first', 'access', 'good')).toEqual(BY_KEY);
    });

    it.each(['/token-first', '/key-first'])(
      'lets a good key in beside a token that is none (R53): %s',
      async (path) => {
        for (const token of ['expired', 'garbage', 'refresh'] as const)
          expect(await call(app, path, token, 'good')).toEqual(BY_KEY);
      },
    );

    it.each(['/token-first', '/key-first'])(
      'tells what is wrong with a token before anything else (R53): %s',
      async (path) => {
        for (const key of [undefined, 'bad']) {
          expect(await call(app, path, 'expired', key)).toEqual(EXPIRED);
          expect(await call(app, path, 'garbage', key)).toEqual(GARBAGE);
          expect(await call(app, path, 'refresh', key)).toEqual(NOT_ACCESS);
          expect(await call(app, path, undefined, key)).toEqual(MISSING);
        }
      },
    );
  });

  describe('of token guards', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start({
        either: [anyOf(AccessGuard, RefreshGuard)],
        'fresh-or-refresh': [anyOf(FreshGuard, RefreshGuard)],
        nested: [anyOf(anyOf(KeyGuard, FreshGuard), anyOf(RefreshGuard))],
        both: [AccessGuard, anyOf(FreshGuard, KeyGuard)],
        instance: [anyOf(new KeyGuard(), AccessGuard)],
      });
    });
    afterAll(() => app.close());

    it.each<[string, TokenName | undefined, string | undefined, object]>([
      ['/either', 'access', undefined, ALICE],
      ['/either', 'refresh', undefined, REFRESHING],
      ['/either', 'revoked', undefined, REVOKED],
      ['/either', 'expired', undefined, EXPIRED],
      ['/either', undefined, undefined, MISSING],
      ['/fresh-or-refresh', 'fresh', undefined, ALICE],
      ['/fresh-or-refresh', 'refresh', undefined, REFRESHING],
      ['/fresh-or-refresh', 'access', undefined, STALE],
      ['/nested', 'fresh', undefined, ALICE],
      ['/nested', 'refresh', undefined, REFRESHING],
      ['/nested', 'access', undefined, STALE],
      ['/nested', 'access', 'good', BY_KEY],
      ['/nested', undefined, 'bad', MISSING],
      ['/both', 'fresh', undefined, ALICE],
      ['/both', 'access', undefined, STALE],
      ['/both', 'access', 'good', { status: 200, body: { ...ALICE.body, user: 'key' } }],
      ['/both', undefined, 'good', MISSING],
      ['/instance', 'access', undefined, ALICE],
      ['/instance', undefined, 'good', BY_KEY],
    ])('%s answers a token that is %s, with the key %s', async (path, token, key, expected) => {
      expect(await call(app, path, token, key)).toEqual(expected);
    });
  });

  describe('and a request', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start({
        'careless-key': [anyOf(CarelessGuard, KeyGuard, AccessGuard)],
        'careless-open': [anyOf(CarelessGuard, { canActivate: () => true })],
        'choosy-key': [anyOf(ChoosyGuard, KeyGuard, RefreshGuard)],
        'choosy-open': [anyOf(ChoosyGuard, AccessGuard, KeyGuard)],
        refusing: [anyOf(CarelessGuard, ChoosyGuard)],
      });
    });
    afterAll(() => app.close());

    it('keep nothing of a guard that wrote a user and refused (R48)', async () => {
      expect(await call(app, '/careless-key', undefined, 'good')).toEqual(BY_KEY);
      expect(await call(app, '/careless-key', 'access')).toEqual(ALICE);
    });

    it('keep nothing of a token that a guard wanted and refused after all (R48)', async () => {
      expect(await call(app, '/choosy-key', 'access', 'good')).toEqual(BY_KEY);
      expect(await call(app, '/choosy-open', 'access')).toEqual(ALICE);
    });

    it('give 403 where all say no without a word', async () => {
      expect(await call(app, '/refusing', 'access')).toMatchObject({ status: 403 });
      expect(await call(app, '/refusing')).toEqual(MISSING);
    });

    it('say which guard is missing where none asks for a token', async () => {
      expect(await call(app, '/careless-open')).toMatchObject({ status: 500 });
    });
  });

  describe('takes no fault for a no', () => {
    const FAULTS: readonly [string, unknown, number][] = [
      ['an error', new Error('The database is down'), 500],
      ['a rejection', 'rejects', 500],
      ['an Observable without an answer', 'nothing', 500],
      ['text', 'text', 500],
      ['500', new InternalServerErrorException(), 500],
      ['503', new HttpException('Unavailable', 503), 503],
      ['404', new NotFoundException(), 404],
      ['429', new HttpException('Too many requests', 429), 429],
      ['400', new HttpException('Bad request', 400), 400],
    ];
    let app: RunningApp;
    beforeAll(async () => {
      app = await start({
        ...Object.fromEntries(
          FAULTS.map(([, how], index) => [
            `fault-${index}`,
            [anyOf(breakingGuard(how), KeyGuard, AccessGuard)],
          ]),
        ),
        unsure: [anyOf(AccessGuard, KeyGuard)],
      });
    });
    afterAll(() => app.close());

    it.each(FAULTS.map(([title, , status], index) => ({ title, status, index })))(
      'of $title: nobody is let in, whatever else is good',
      async ({ status, index }) => {
        expect(await call(app, `/fault-${index}`, 'access', 'good')).toMatchObject({ status });
      },
    );

    it('of a token that could not be checked', async () => {
      expect(await call(app, '/unsure', 'unsure', 'good')).toEqual(UNSURE);
    });
  });

  it('makes what is no provider, with the providers of the module', async () => {
    const app = await start({ '/': [anyOf(StoredKeyGuard, AccessGuard)] }, { providers: [Keys] });
    expect(await call(app, '/', undefined, 'good')).toMatchObject({ status: 200 });
    expect(await call(app, '/', undefined, 'bad')).toEqual(MISSING);
    await app.close();
  });

  it('takes a provider from the container, once a request where it is request-scoped', async () => {
    const app = await start(
      { '/': [anyOf(RequestScopedGuard, AccessGuard)] },
      { providers: [RequestScopedGuard] },
    );
    RequestScopedGuard.made = 0;
    const names = [];
    for (let request = 0; request < 3; request++) {
      const { body } = await call(app, '/', undefined, 'good');
      names.push((body as { user: string }).user);
    }
    expect(names).toEqual(['request 1', 'request 2', 'request 3']);
    expect(await call(app, '/', 'access')).toEqual(ALICE);
    await app.close();
  });

  it.each<[string, Type<CanActivate>]>([
    ['lacks a provider', StoredKeyGuard],
    ['needs a request', NeedsRequestGuard],
  ])('finds a guard at start that %s', async (_title, guard) => {
    const controllers = [whoAt('/', [anyOf(AccessGuard, guard)])];
    const mistake = await mistakeAtStart(adapter, { controllers });
    expect(mistake).toBeInstanceOf(Error);
    expect((mistake as Error).message).toContain(guard.name);
  });
});

describe('anyOf', () => {
  it('names the guards that it stands for', () => {
    expect(anyOf(AccessGuard, new KeyGuard()).name).toBe('anyOf(AccessGuard, ApiKeyGuard)');
  });

  it.each<[unknown[], string]>([
    [[], 'anyOf needs at least one guard'],
    [[undefined], 'anyOf takes guards, but was given undefined'],
    [[AccessGuard, null], 'anyOf takes guards, but was given null'],
    [['jwt-access'], "anyOf takes guards, but was given 'jwt-access'"],
    [[{}], 'anyOf takes guards, but was given an object'],
    [[Keys], 'anyOf takes guards, but was given a function'],
    [[() => true], 'anyOf takes guards, but was given a function'],
  ])('refuses %p', (guards, message) => {
    expect(() => (anyOf as (...given: unknown[]) => unknown)(...guards)).toThrow(
      new JwtExtendedConfigError(message),
    );
  });
});
