import { Injectable, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import {
  AccessGuard,
  BlocklistService,
  FreshGuard,
  JwtExceptionFilter,
  JwtExtendedModule,
  type JwtExtendedOptions,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { failureOf, Output, ProbeController, wordsOf } from '../../support/faults.js';
import { SECRET } from '../../support/forge.js';
import { rsaPair } from '../../support/keys.js';

const pem = rsaPair().privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
const pemLine = pem.split('\n')[3] as string;

const SERVICES = [
  TokenService,
  TokenCookies,
  BlocklistService,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  JwtExceptionFilter,
] as const;

const OPTIONS: readonly (readonly [string, JwtExtendedOptions, readonly string[]])[] = [
  ['a secret', { secret: SECRET }, traces(SECRET)],
  ['a secret in bytes', { secret: Buffer.from(SECRET) }, traces(SECRET)],
  [
    'a key pair',
    { secret: undefined, algorithm: 'RS256', privateKey: pem },
    [pem, pemLine, 'BEGIN PRIVATE KEY'],
  ],
];

describe.each(ADAPTERS)('over %s', (adapter) => {
  describe.each(OPTIONS)('%s of the options (R70, R79)', (_, options, canaries) => {
    let app: RunningApp;
    let accessToken: string;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [ProbeController],
        options,
        imports: [JwtPassportModule.register({ prefix: `inspected-${adapter}` })],
      });
      accessToken = await app.get(TokenService).createAccessToken('alice');
      await app.get(BlocklistService).revoke(accessToken);
    });
    afterAll(() => app.close());

    it.each(SERVICES.map((service) => [service.name, service] as const))(
      'is not to be seen in %s',
      (_name, service) => {
        const instance: object = app.get<object>(service as never);
        const seen = [
          inspect(instance, { depth: 10, showHidden: true }),
          inspect(instance, { depth: 10 }),
          String(instance),
          stringified(instance),
        ].join('\n');
        expect(seen).toContain(service.name);
        for (const canary of [...canaries, accessToken]) expect(seen).not.toContain(canary);
      },
    );

    it('is not to be seen in anything that the container holds of the module', () => {
      const modules = app.get(ModulesContainer);
      const [module] = [...modules.values()].filter(
        ({ metatype }) => metatype === JwtExtendedModule,
      );
      const seen = [...(module?.providers ?? [])].map(([token, { instance, metatype }]) =>
        inspect([token, instance, metatype], { depth: 5, showHidden: true }),
      );
      expect(seen.length).toBeGreaterThan(10);
      for (const canary of canaries) expect(seen.join('\n')).not.toContain(canary);
    });

    it('is not to be seen in a verified token, nor is the token itself', async () => {
      const other = await app.get(TokenService).createAccessToken('alice');
      const token = await app.get(TokenService).decodeToken(other);
      const seen = [
        inspect(token, { depth: 10, showHidden: true }),
        inspect({ nested: [token] }, { depth: 10 }),
        JSON.stringify(token),
        JSON.stringify({ nested: [token] }),
        Object.values({ ...token })
          .map((value) => wordsOf(value))
          .join(),
      ].join('\n');
      expect(seen).toContain('alice');
      expect(seen).not.toContain(other);
      expect(seen).not.toContain(other.split('.')[2]);
      for (const canary of canaries) expect(seen).not.toContain(canary);
    });

    it('the csrf value of a token is not printed with it', async () => {
      const { csrf } = (await app.get(TokenService).decodeToken(accessToken)).claims;
      const token = await app.get(TokenService).decodeToken(accessToken);
      expect(typeof csrf).toBe('string');
      expect(inspect(token, { depth: 10, showHidden: true })).not.toContain(csrf);
      expect(JSON.stringify(token)).not.toContain(csrf);
    });
  });
});

describe('the errors of a start that fails (R70)', () => {
  const canaries = [...traces(SECRET), pem, pemLine];

  class Missing {}

  @Injectable()
  class Unresolvable {
    constructor(readonly missing: Missing) {}
  }

  @Module({
    imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    providers: [Unresolvable, { provide: Missing, useFactory: () => {}, inject: ['NOBODY'] }],
  })
  class UnresolvableModule {}

  it.each<readonly [string, () => unknown]>([
    ['a dependency is missing in a module of the application', () => UnresolvableModule],
    [
      'a dependency of the factory is missing',
      () =>
        JwtExtendedModule.forRootAsync({
          inject: ['NOBODY'],
          useFactory: () => ({ secret: SECRET }),
        }),
    ],
    [
      'an option is unknown',
      () => JwtExtendedModule.forRoot({ secret: SECRET, secretKey: SECRET } as never),
    ],
    [
      'the secret stands where another option belongs',
      () => JwtExtendedModule.forRoot({ secret: SECRET, algorithm: SECRET as never }),
    ],
    ['the secret is a key pair', () => JwtExtendedModule.forRoot({ secret: pem })],
    [
      'there is a secret and a key pair',
      () => JwtExtendedModule.forRoot({ secret: SECRET, privateKey: pem, algorithm: 'RS256' }),
    ],
    [
      'the factory gives something else',
      () => JwtExtendedModule.forRootAsync({ useFactory: () => SECRET as never }),
    ],
    [
      'two modules take one strategy prefix',
      () => ({
        module: class Twice {},
        imports: [1, 2].map(() => {
          const jwt = JwtExtendedModule.forRoot({ secret: SECRET, isGlobal: false });
          return JwtPassportModule.register({ prefix: 'twice', imports: [jwt] });
        }),
      }),
    ],
  ])('say nothing of keys when %s', async (_, module) => {
    const output = new Output();
    try {
      const start = async () => {
        const testing = await Test.createTestingModule({ imports: [module() as never] }).compile();
        await testing.init();
        await testing.close();
      };
      const error = await failureOf(start());
      expect(error).toBeInstanceOf(Error);
      const seen = `${wordsOf(error)}\n${(error as Error).stack}\n${output.text}`;
      for (const canary of canaries) expect(seen).not.toContain(canary);
    } finally {
      output.restore();
    }
  });
});

/** A secret as it may be printed: text, bytes in hex or as Buffers print them, base64. */
function traces(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    secret.slice(0, 24),
    bytes.toString('hex'),
    inspect(bytes.subarray(0, 20)).slice('<Buffer '.length, -1),
    bytes.toString('base64').slice(0, 40),
    [...bytes.subarray(0, 12)].join(','),
  ];
}

/** JSON of a service, be it as circular as it may. */
function stringified(service: object): string {
  const seen = new WeakSet<object>();
  return JSON.stringify(service, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '[again]';
    seen.add(value);
    return value;
  });
}
