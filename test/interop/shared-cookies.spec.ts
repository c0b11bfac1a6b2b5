import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS, type RunningApp } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { SECRET } from '../support/forge.js';
import { alike, ask, NAMES, payloadOf, type Peers, startNest } from './peers.js';

const MISSING_CSRF = { msg: 'Missing CSRF token' };
const OTHER_CSRF = { msg: 'CSRF double submit tokens do not match' };
const ALICE = { identity: 'alice' };

let flask: FlaskApp;
beforeAll(async () => {
  flask = await FlaskApp.start({
    JWT_SECRET_KEY: SECRET,
    JWT_TOKEN_LOCATION: ['headers', 'cookies'],
  });
});
afterAll(() => flask.close());

describe.each(ADAPTERS)('Flask and Nest on %s, which both read cookies too', (adapter) => {
  let nest: RunningApp;
  let peers: Peers;
  beforeAll(async () => {
    nest = await startNest(adapter, { locations: ['headers', 'cookies'] });
    peers = { Flask: flask, Nest: nest };
  });
  afterAll(() => nest.close());

  describe.each(NAMES)('cookies that %s set', (setter) => {
    let jar: CookieJar;
    beforeEach(async () => {
      jar = CookieJar.of((await peers[setter].send('POST', '/cookies', { json: ALICE })).cookies);
    });

    it('are the token, for HTTP only, and its csrf value, for scripts, of both kinds (R46)', () => {
      expect(jar.names).toEqual([
        'access_token_cookie (HttpOnly; Path=/)',
        'csrf_access_token (Path=/)',
        'refresh_token_cookie (HttpOnly; Path=/)',
        'csrf_refresh_token (Path=/)',
      ]);
      expect(jar.get('csrf_access_token')).toBe(payloadOf(jar.get('access_token_cookie')).csrf);
      expect(jar.get('csrf_refresh_token')).toBe(payloadOf(jar.get('refresh_token_cookie')).csrf);
    });

    it.each([
      ['open a GET without X-CSRF-TOKEN', 'GET', '/access', undefined, 200, ALICE],
      ['open a POST with it', 'POST', '/access', 'csrf_access_token', 200, ALICE],
      ['open the refresh route with its own', 'POST', '/refresh', 'csrf_refresh_token', 200, ALICE],
      ['do not open a POST without it', 'POST', '/access', undefined, 401, MISSING_CSRF],
      ['do not open the refresh route without', 'POST', '/refresh', undefined, 401, MISSING_CSRF],
      ['do not open a POST with another', 'POST', '/access', 'nonsense', 401, OTHER_CSRF],
      [
        'do not open a POST with that of the refresh token (R44)',
        'POST',
        '/access',
        'csrf_refresh_token',
        401,
        OTHER_CSRF,
      ],
      [
        'do not open the refresh route with that of the access token (R44)',
        'POST',
        '/refresh',
        'csrf_access_token',
        401,
        OTHER_CSRF,
      ],
    ] as const)('%s, on both sides', async (_, method, path, csrf, status, body) => {
      const headers = {
        cookie: jar.header,
        ...(csrf && { 'x-csrf-token': jar.find(csrf) ?? csrf }),
      };
      const said = await ask(peers, method, path, { headers });
      expect(said).toMatchObject(alike(status, body));
    });

    it('do not count where a header holds a token that is bad (R40)', async () => {
      const headers = { cookie: jar.header, authorization: 'Bearer nonsense' };
      const said = await ask(peers, 'GET', '/access', { headers });
      expect(said).toEqual(alike(422, { msg: 'Not enough segments' }));
    });

    it('hold tokens that a header may carry just as well, and need no csrf value there (R43)', async () => {
      const said = await ask(peers, 'POST', '/access', { token: jar.get('access_token_cookie') });
      expect(said).toMatchObject(alike(200, ALICE));
    });

    it.each(NAMES)('are cleared by %s', async (clearer) => {
      const { cookies } = await peers[clearer].send('DELETE', '/cookies');
      const cleared = CookieJar.of(cookies);
      expect(cleared.names).toEqual(jar.names);
      expect(cleared.header).toBe(jar.header.replace(/=[^;]*/g, '='));
      expect(cookies).toEqual(
        cookies.map(() => expect.stringContaining('Expires=Thu, 01 Jan 1970 00:00:00 GMT')),
      );
    });
  });

  it('refuse with the same body who has neither header nor cookie', async () => {
    const said = await ask(peers, 'GET', '/access');
    expect(said).toEqual(
      alike(401, {
        msg: 'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "access_token_cookie")',
      }),
    );
  });

  it('ask for the other cookie on the refresh route, with the same body', async () => {
    const said = await ask(peers, 'POST', '/refresh');
    expect(said).toEqual(
      alike(401, {
        msg: 'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "refresh_token_cookie")',
      }),
    );
  });

  it('differ in that only Nest keeps its cookies off plain HTTP and cross-site requests (R46)', async () => {
    const theirs = await flask.send('POST', '/cookies', { json: ALICE });
    const ours = await nest.send('POST', '/cookies', { json: ALICE });
    expect(theirs.cookies.filter((cookie) => /; (Secure|SameSite)/.test(cookie))).toEqual([]);
    expect(ours.cookies.filter((cookie) => /; Secure; SameSite=Lax$/.test(cookie))).toHaveLength(4);
  });
});

/** What a browser keeps of `Set-Cookie`. */
class CookieJar {
  private constructor(
    private readonly values: ReadonlyMap<string, string>,
    /** Each name, with the attributes that both sides must agree on. */
    readonly names: readonly string[],
  ) {}

  static of(cookies: readonly string[]): CookieJar {
    const parts = cookies.map((cookie) => cookie.split('; '));
    const pairs = parts.map(([pair = '']) => pair.split('=') as [string, string]);
    const names = parts.map(([pair = '', ...attributes]) => {
      const shared = attributes.filter((attribute) => /^(HttpOnly|Path=.*)$/.test(attribute));
      return `${pair.split('=')[0]} (${shared.sort().join('; ')})`;
    });
    return new CookieJar(new Map(pairs), names);
  }

  /** The `Cookie` header. */
  get header(): string {
    return [...this.values].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  find(name: string): string | undefined {
    return this.values.get(name);
  }

  get(name: string): string {
    return this.find(name) ?? '';
  }
}
