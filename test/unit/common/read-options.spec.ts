import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { editDistance, STATIC_EXTRAS } from '../../../src/common/read-options.js';
import { mistakeOf, withOption } from '../options/mistake-of.js';

const folder = join(import.meta.dirname, '../../../src/options');

describe('A name that no option has', () => {
  it.each([
    ['algorithim', 'algorithm'],
    ['decodIssuer', 'decodeIssuer'],
    ['LEEWAY', 'leeway'],
    ['isGlobl', 'isGlobal'],
    ['secrt', 'secret'],
    ['cookies.samesite', 'cookies.sameSite'],
    ['csrf.method', 'csrf.methods'],
    ['blocklist.stores', 'blocklist.store'],
    ['loaders.userLookUps', 'loaders.userLookup'],
    ['responses.expiredTokens', 'responses.expiredToken'],
  ])('is refused with the nearest name, with or without a value: %s', (name, nearest) => {
    for (const value of [1, undefined])
      expect(mistakeOf(withOption(name, value))).toBe(
        `${name} is not an option; did you mean ${nearest}?`,
      );
  });

  it('is refused with the names of its group if none is near', () => {
    expect(mistakeOf({ blocklist: { somewhereElse: true } })).toBe(
      'blocklist.somewhereElse is not an option; remove it, or use one of ' +
        'blocklist.store, blocklist.checks, blocklist.timeout, blocklist.onStoreError',
    );
    expect(mistakeOf({ somethingElse: 'canary' })).toBe(
      'somethingElse is not an option; remove it: no option has a name like that',
    );
    expect(mistakeOf({ exp: 5 })).toMatch(/^exp is not an option; remove it/);
  });

  it.each(STATIC_EXTRAS)('is refused with its place if it is the extra %s', (name) => {
    expect(mistakeOf({ [name]: true })).toBe(
      `${name} is not an option; it belongs beside useFactory, not in what the factory returns`,
    );
  });

  it.each([
    ['JWT_SECRET_KEY', 'use secret'],
    ['JWT_ALGORITHM', 'did you mean algorithm?'],
    ['JWT_COOKIE_SECURE', 'use cookies.secure'],
    ['JWT_ACCESS_COOKIE_NAME', 'use cookies.accessName'],
    ['JWT_ACCESS_CSRF_COOKIE_NAME', 'use csrf.accessCookieName'],
    ['JWT_BLACKLIST_TOKEN_CHECKS', 'use blocklist.checks'],
    ['JWT_AUTH_HEADER_PREFIX', 'use headerType'],
    ['user_lookup_loader', 'did you mean loaders.userLookup?'],
    ['userIdentityLoader', 'did you mean loaders.userIdentity?'],
    ['expired_token_loader', 'did you mean responses.expiredToken?'],
    ['secretOrKey', 'use secret'],
    ['secretOrPrivateKey', 'use secret'],
    ['secretOrKeyProvider', 'use loaders.decodeKey'],
    ['jwtFromRequest', 'use locations'],
    ['statusProfile', 'use profile'],
    ['validate', 'use loaders.userLookup'],
    ['jwks', 'give endpoints: { jwks: true } beside the options of forRoot, or beside useFactory'],
    ['getToken', 'use locations'],
    ['algorithms', 'use decodeAlgorithms'],
    ['expiresIn', 'use accessTokenExpires'],
    ['global', 'use isGlobal'],
    ['issuer', 'use encodeIssuer for new tokens, and decodeIssuer for those that are read'],
    ['audience', 'use encodeAudience for new tokens, and decodeAudience for those that are read'],
    ['ignoreExpiration', 'use @JwtRequired({ allowExpired: true }) on the route'],
    ['credentialsRequired', 'use @JwtOptional() on the route'],
    ['passReqToCallback', 'remove it: the last argument of every loader is { request }'],
    ['signOptions.expiresIn', 'use accessTokenExpires'],
    [
      'signOptions.issuer',
      'use encodeIssuer for new tokens, and decodeIssuer for those that are read',
    ],
    ['signOptions.algorithm', 'did you mean algorithm?'],
    ['verifyOptions.ignoreExpiration', 'use @JwtRequired({ allowExpired: true }) on the route'],
    ['jsonWebTokenOptions.clockTolerance', 'use leeway'],
    ['userLookup', 'did you mean loaders.userLookup?'],
    ['store', 'did you mean blocklist.store?'],
    ['cookies.publicKey', 'did you mean publicKey?'],
    ['loaders.secret', 'did you mean secret?'],
    ['csrf.sameSite', 'did you mean cookies.sameSite?'],
  ])('is answered with the right one if it is of another library or place: %s', (path, fix) => {
    expect(mistakeOf(withOption(path, 'canary'))).toBe(`${path} is not an option; ${fix}`);
  });

  it.each([
    ['-----BEGIN PRIVATE KEY-----', 'privateKey'],
    ['-----BEGIN RSA PRIVATE KEY-----', 'privateKey'],
    [Buffer.from('-----BEGIN PUBLIC KEY-----'), 'publicKey'],
    [Object.create(null), 'secret'],
  ])('is answered by what it holds if it may hold any key: %s', (value, option) => {
    for (const name of ['secretOrKey', 'secretOrPrivateKey', 'secretOrPublicKey'])
      expect(mistakeOf({ [name]: value })).toBe(`${name} is not an option; use ${option}`);
  });

  it.each([{}, { header: undefined }, 'HS256'])('is refused with options in it: %j', (given) => {
    for (const group of ['signOptions', 'verifyOptions', 'jsonWebTokenOptions'])
      expect(mistakeOf({ secret: 'canary', [group]: given })).toMatch(
        new RegExp(`^${group}(\\.header)? is not an option; (its members have|use)`),
      );
  });

  it('is answered with the option whose documentation names it, for all of Flask', () => {
    const names = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return [...text.matchAll(/Flask[-\w ]*: `(JWT_\w+)`(?:(?!\*\/)[^])*\*\/\s+(\w+)\?:/g)];
    });
    expect(names.length).toBeGreaterThan(40);
    for (const [, flask = '', option] of names)
      expect(mistakeOf({ [flask]: 1 })).toMatch(new RegExp(`^${flask} is .+[ .]${option}\\b`));
  });

  it('counts as an extra only at the top level', () => {
    expect(mistakeOf({ cookies: { isGlobal: true } })).toMatch(
      /^cookies\.isGlobal is not an option; remove it, or use one of cookies\.accessName, /,
    );
  });

  it('is not repeated if it does not look like a name', () => {
    const canary = 'canary-'.repeat(6);
    expect(mistakeOf({ [canary]: 1 })).toMatch(/^a string of 42 characters is not an option; /);
    expect(mistakeOf({ 'head er': 1 })).toMatch(/^'head er' is not an option; /);
  });

  it('is refused if every object has a member of that name', () => {
    expect(mistakeOf(JSON.parse('{ "__proto__": {} }'))).toMatch(/^__proto__ is not an option; /);
    expect(mistakeOf({ toString: () => '' })).toMatch(/^toString is not an option; /);
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['leeway', 'leeway', 0],
    ['kitten', 'sitting', 3],
    ['secrte', 'secret', 2],
    ['locations', 'location', 1],
  ])('counts from %j to %j %d typing errors', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });
});
