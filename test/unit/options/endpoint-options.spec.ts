import { describe, expect, it } from '@jest/globals';
import type { EndpointOptions } from '../../../src/index.js';
import { describe as describeOption } from '../../../src/common/describe.js';
import { type MountedEndpoints, readEndpoints } from '../../../src/options/endpoint-options.js';

const plain = "of letters, digits, '-', '.', '_', '~' and '/' alone";
const fixes = {
  path: "give a path such as 'auth'",
  login: 'give true, a path or an object',
  refresh: 'give true, a path or an object',
  logout: 'give true, a path or an object',
  jwks: "give true, or a path that starts with '/'",
};
const twin = 'give each endpoint a path of its own';

describe('The option endpoints', () => {
  it.each<[given: EndpointOptions, paths: object]>([
    [{}, {}],
    [{ path: 'auth' }, {}],
    [{ login: undefined, jwks: undefined }, {}],
    [{ login: true }, { login: '/auth' }],
    [
      { refresh: true, logout: true },
      { refresh: '/auth/refresh', logout: '/auth/logout' },
    ],
    [
      { path: '/', login: true, logout: true },
      { login: '/', logout: '/logout' },
    ],
    [
      { path: '', login: 'in', logout: 'out' },
      { login: '/in', logout: '/out' },
    ],
    [{ path: '//a/b/', refresh: true }, { refresh: '/a/b/refresh' }],
    [{ path: 'a', refresh: 'b/c' }, { refresh: '/a/b/c' }],
    [{ path: 'a', refresh: '/b/c' }, { refresh: '/b/c' }],
    [{ path: '~a-b_c.d/2', login: true }, { login: '/~a-b_c.d/2' }],
    [{ path: 'a..b/...', login: true }, { login: '/a..b/...' }],
    [
      { path: 'a', login: {}, refresh: { path: '/b' }, logout: { path: 'c' } },
      { login: '/a', refresh: '/b', logout: '/a/c' },
    ],
    [{ path: 'a', jwks: true }, { jwks: '/.well-known/jwks.json' }],
    [{ path: 'a', jwks: '/keys' }, { jwks: '/keys' }],
  ])('mounts %j at %j', (given, paths) => {
    const mounted = Object.entries(readEndpoints(given));
    const found = mounted.map(([name, each]) => [name, name === 'jwks' ? each : each.path]);
    expect(Object.fromEntries(found)).toEqual(paths);
  });

  it('reads what an object says beside the path', () => {
    const extractor = () => null;
    const deliver = { access: 'body', refresh: 'cookie' } as const;
    const expected: MountedEndpoints = {
      login: { path: '/auth', deliver },
      refresh: { path: '/auth/refresh', locations: ['cookies', extractor] },
      logout: { path: '/out', locations: ['json'] },
    };
    expect(
      readEndpoints({
        login: { deliver },
        refresh: { locations: ['cookies', extractor] },
        logout: { path: '/out', locations: ['json'] },
      }),
    ).toEqual(expected);
  });

  it.each<[given: unknown, message: string]>([
    [null, ' must be an object: { jwks: true }'],
    ['auth', ' must be an object: { jwks: true }'],
    [{ path: 1 }, `.path was given 1; ${fixes.path}`],
    [{ path: true }, `.path was given true; ${fixes.path}`],
    [{ path: null }, `.path was given null; ${fixes.path}`],
    [{ path: 'a b' }, `.path was given 'a b'; ${fixes.path}, ${plain}`],
    [{ path: 'a?b' }, `.path was given 'a?b'; ${fixes.path}, ${plain}`],
    [{ path: 'http://a' }, `.path was given 'http://a'; ${fixes.path}, ${plain}`],
    [{ login: '' }, `.login was given an empty string; ${fixes.login}`],
    [{ login: null }, `.login was given null; ${fixes.login}`],
    [{ refresh: 1 }, `.refresh was given 1; ${fixes.refresh}`],
    [{ logout: '/a#b' }, `.logout was given '/a#b'; ${fixes.logout}, ${plain}`],
    [{ logout: 'auß' }, `.logout was given a string of 3 characters; ${fixes.logout}, ${plain}`],
    [{ login: [] }, '.login was given an empty array; give an object of options'],
    [{ login: { path: '' } }, '.login.path was given an empty string; give a path'],
    [{ login: { path: true } }, '.login.path was given true; give a path'],
    [{ refresh: { path: 'a b' } }, `.refresh.path was given 'a b'; give a path, ${plain}`],
    [
      { login: { delivery: {} } },
      '.login.delivery is not an option; did you mean endpoints.login.deliver?',
    ],
    [
      { login: { locations: ['headers'] } },
      '.login.locations is not an option; remove it, or use one of endpoints.login.path, endpoints.login.deliver',
    ],
    [
      { refresh: { deliver: {} } },
      '.refresh.deliver is not an option; remove it, or use one of endpoints.refresh.path, endpoints.refresh.locations',
    ],
    [
      { login: { deliver: 'cookie' } },
      '.login.deliver was given a string of 6 characters; give an object of options',
    ],
    [
      { login: { deliver: { access: 'cookies' } } },
      ".login.deliver.access was given 'cookies'; give one of 'body', 'cookie'",
    ],
    [
      { login: { deliver: { refresh: null } } },
      ".login.deliver.refresh was given null; give one of 'body', 'cookie'",
    ],
    [
      { login: { deliver: { acces: 'body' } } },
      '.login.deliver.acces is not an option; did you mean endpoints.login.deliver.access?',
    ],
    [
      { refresh: { locations: [] } },
      ".refresh.locations was given an empty array; name one location at least, such as 'headers'",
    ],
    [
      { refresh: { locations: 'cookies' } },
      ".refresh.locations was given 'cookies'; give an array with it: ['cookies']",
    ],
    [
      { logout: { locations: ['cookie'] } },
      ".logout.locations[0] was given 'cookie'; give one of 'headers', 'cookies', 'query_string', 'json'",
    ],
    [
      { logout: { locations: ['json', 'json'] } },
      ".logout.locations was given 'json' twice; name each only once",
    ],
    [{ jwks: { path: '/keys' } }, `.jwks was given an object; ${fixes.jwks}`],
    [{ logins: true }, '.logins is not an option; did you mean endpoints.login?'],
    [
      { login: '/auth/refresh', refresh: true },
      `.refresh was given the path of endpoints.login; ${twin}`,
    ],
    [{ login: true, logout: '/auth/' }, `.logout was given the path of endpoints.login; ${twin}`],
  ])('refuses %j', (given, message) => {
    expect(() => readEndpoints(given as EndpointOptions)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: `endpoints${message}`,
      }),
    );
  });

  /** Paths that Express or Fastify reads as patterns, and paths that no client sends. */
  const unreachable = [
    ...[
      '/:x',
      '/*',
      '/*all',
      '/x+',
      '/x!',
      '/x|y',
      '/{x}',
      '/a(b',
      '/a)b',
      '/[a]',
      '/a\\b',
      '/::x',
    ],
    ...['/x?y=1', '/x?', '/a#b', '/a;b', '/a b', '/a%20b', '/a%', '/auß', '/a\n', '/"a"', '/<a>'],
    ...['/.', '/..', '/../a', '/a/./b', '/a/..', '//example.com:80', 'https://example.com'],
  ];

  it.each(unreachable)('refuses the path %j for every endpoint', (path) => {
    for (const [name, fix] of Object.entries(fixes)) {
      expect(() => readEndpoints({ [name]: path })).toThrow(
        `endpoints.${name} was given ${describeOption(path)}; ${fix}, ${plain}`,
      );
    }
  });
});
