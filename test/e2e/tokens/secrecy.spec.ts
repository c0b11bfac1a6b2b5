import { beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { format, inspect } from 'node:util';
import { ModuleSettings } from '../../../src/module/module-settings.js';
import {
  BlocklistService,
  type JwtContext,
  type JwtExtendedOptions,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { AuthenticatedToken } from '../../../src/tokens/verified-token.js';
import { Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import {
  claimsAtNow,
  claimsOf,
  keysOf,
  rejectionOf,
  startTokens,
  type TokenTools,
} from '../../support/tokens.js';

/** All the ways in which a value gets into a log. */
function printed(value: unknown): string {
  return [
    inspect(value, {
      depth: Infinity,
      showHidden: true,
      getters: false,
      maxArrayLength: Infinity,
      maxStringLength: Infinity,
    }),
    inspect(value),
    format('%o %O %s', value, value, value),
    String(value),
    Object.values(Object.getOwnPropertyDescriptors(value as object))
      .map((property) => String(property.value))
      .join(),
    inJson(value),
  ].join('\n');
}

/** Some hold circles, which is as good as telling nothing. */
function inJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

/** A text in the spellings in which it could be printed. */
function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  return [
    text,
    bytes.toString('base64url'),
    hex,
    hex.replace(/../g, '$& ').trim(),
    [...bytes].join(','),
  ];
}

function expectNothingOf(secrets: readonly string[], value: unknown): void {
  const text = printed(value);
  expect(text.length).toBeGreaterThan(1);
  for (const secret of secrets) {
    for (const spelling of spellings(secret)) expect(text.includes(spelling)).toBe(false);
  }
}

const clock = new Clock();
const { signing } = keysOf('RS256');
const pem = signing.export({ format: 'pem', type: 'pkcs8' }) as string;
const pemLine = pem.split('\n')[3] as string;

const CONFIGURED: readonly [what: string, options: JwtExtendedOptions, secrets: string[]][] = [
  ['a secret', { secret: SECRET }, [SECRET.slice(0, 16)]],
  ['secret bytes', { secret: Buffer.from(SECRET) }, [SECRET.slice(0, 16)]],
  [
    'a key pair',
    { secret: undefined, privateKey: pem, algorithm: 'RS256' },
    [pemLine.slice(0, 24)],
  ],
];

describe.each(CONFIGURED)('A module with %s (R70, R79)', (_, options, secrets) => {
  let tools: TokenTools;

  beforeAll(async () => {
    tools = await startTokens({ clock: clock.now, ...options });
    await tools.tokens.verifyToken(await tools.tokens.createAccessToken('alice'));
  });

  it('does not print its key with its settings or services', () => {
    for (const part of [ModuleSettings, TokenService, BlocklistService]) {
      expectNothingOf(secrets, tools.module.get(part as never));
    }
  });

  it('does not print its key with any provider of the container', () => {
    const modules = [...tools.module.get(ModulesContainer).values()];
    const providers = modules
      .filter(({ name }) => name === 'JwtExtendedModule')
      .flatMap((module) => [...module.providers.values()])
      .map(({ instance }) => instance as unknown)
      .filter((instance) => typeof instance === 'object' && instance !== null);

    expect(providers.length).toBeGreaterThan(10);
    for (const provider of providers) {
      const text = inspect(provider, { depth: 6, showHidden: true });
      for (const spelling of secrets.flatMap(spellings))
        expect(text.includes(spelling)).toBe(false);
    }
  });
});

describe('A token that was read (R70)', () => {
  let encoded: string;
  let csrf: string;
  let token: Token;

  beforeAll(async () => {
    const { tokens } = await startTokens({ clock: clock.now });
    encoded = await tokens.createAccessToken('alice', { fresh: true, sessionId: 'session-1' });
    csrf = claimsOf(encoded).csrf as string;
    token = await tokens.decodeToken(encoded);
  });

  it('prints its claims, but not its text or its csrf value', () => {
    const [, payload = '', signature = ''] = encoded.split('.');

    expectNothingOf([encoded, payload, signature, csrf], token);
    expect(inspect(token)).toContain('alice');
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      header: { alg: 'HS256', typ: 'JWT' },
      claims: JSON.parse(JSON.stringify({ ...token.claims, csrf: undefined })) as unknown,
      identity: 'alice',
      type: 'access',
      jti: token.jti,
      sessionId: 'session-1',
      fresh: true,
      issuedAt: new Date(NOW * 1000).toISOString(),
      expiresAt: new Date((NOW + 900) * 1000).toISOString(),
    });
  });

  it('does not pass its text on to a copy', () => {
    expect(printed({ ...token })).not.toContain(encoded);
    expect(Object.keys(token)).not.toContain('encoded');
    expect(token.encoded).toBe(encoded);
  });

  it('prints its location, but not its user', () => {
    const user = { password: 'canary-password' };
    const context: JwtContext = new AuthenticatedToken(token, 'cookies', user);

    expectNothingOf([encoded, csrf, 'canary-password'], context);
    expect(context).toMatchObject({ encoded, location: 'cookies', user, identity: 'alice' });
    expect(JSON.parse(JSON.stringify(context))).toMatchObject({
      location: 'cookies',
      identity: 'alice',
    });
  });
});

describe('A refusal (R67, R70)', () => {
  it.each([
    ['an expired token', claimsAtNow({ exp: NOW, csrf: 'canary-csrf' })],
    [
      'a token from another issuer',
      claimsAtNow({ iss: 'https://canary.example', csrf: 'canary-csrf' }),
    ],
    ['a token for others', claimsAtNow({ iss: 'us', aud: 'canary-audience', csrf: 'canary-csrf' })],
    [
      'a token without sub',
      claimsAtNow({ iss: 'us', aud: 'them', sub: undefined, csrf: 'canary-csrf' }),
    ],
  ])('of %s prints no token, no csrf value and no expected value', async (_, claims) => {
    const expected = { decodeIssuer: 'us-canary', decodeAudience: 'them-canary' };
    const { tokens } = await startTokens({
      clock: clock.now,
      ...(claims.exp === NOW ? {} : expected),
    });
    const encoded = forgeToken(claims);

    const error = await rejectionOf(tokens.decodeToken(encoded));

    expectNothingOf([encoded, ...encoded.split('.').slice(1), SECRET, 'canary'], error);
  });

  it.each([
    ['a bad signature', forgeToken(claimsAtNow({ sub: 'canary' }), undefined, 'x'.repeat(64))],
    ['no signature', forgeToken(claimsAtNow({ sub: 'canary' })).replace(/[^.]+$/, '')],
    ['a payload that is no JSON', forgeToken('canary')],
    ['a header that is no JSON', forgeToken({}, 'canary')],
    ['an algorithm of its own', forgeToken({}, { alg: 'canary' })],
    ['a kid that is none', forgeToken({}, { alg: 'HS256', kid: ['canary'] })],
  ])('of %s does not quote the request', async (_, encoded) => {
    const { tokens } = await startTokens({ clock: clock.now });

    const error = await rejectionOf(tokens.decodeToken(encoded));

    expectNothingOf([encoded, 'canary', SECRET.slice(0, 16)], error);
  });
});
