import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, type INestApplication, Post, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessGuard } from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Clock, forgeToken, SECRET, segment } from '../../support/forge.js';
import { claimsAtNow, refusalOf, startTokens } from '../../support/tokens.js';

const MEGABYTE = 1024 * 1024;
const TOO_LONG = { name: 'InvalidTokenError', code: 'TOKEN_INVALID', message: 'Token is too long' };

@Controller()
class AccessController {
  @UseGuards(AccessGuard)
  @Post('access')
  access(): string {
    return 'in';
  }
}

const WEIGHTY = { weight: 'w'.repeat(8192) };

/** A megabyte of what costs time to take apart. */
const HUGE: readonly [what: string, token: string][] = [
  ['one letter', 'a'.repeat(MEGABYTE)],
  ['dots', '.'.repeat(MEGABYTE)],
  ['a header that lies deep', `${segment(deep(MEGABYTE / 3))}.e30.x`],
  ['a payload that lies deep', forgeToken(deep(MEGABYTE / 3))],
  ['a well signed token', forgeToken(claimsAtNow({ weight: 'w'.repeat(MEGABYTE) }))],
  ['text of two bytes a letter', 'é'.repeat(MEGABYTE / 2)],
];

describe.each(ADAPTERS)('A token of a megabyte, on %s (R7)', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [AccessController],
      options: { locations: ['json'], clock: new Clock().now },
      configure: (nest) => raiseBodyLimit(adapter, nest),
    });
  });
  afterAll(() => app.close());

  it.each(HUGE)('is refused before it is looked at: %s', async (_, token) => {
    const { status, body } = await app.send('POST', '/access', { json: { access_token: token } });

    expect({ status, body }).toEqual({ status: 422, body: { msg: 'Token is too long' } });
  });
});

describe('The longest token', () => {
  it.each(HUGE)('may not be a megabyte, of which nothing is decoded: %s (R7)', async (_, token) => {
    const { tokens } = await startTokens();
    const decode = [jest.spyOn(Buffer, 'from'), jest.spyOn(JSON, 'parse')];

    const refusal = await refusalOf(tokens.decodeToken(token));

    const decoded = decode.flatMap(({ mock }) => mock.calls);
    for (const spy of decode) spy.mockRestore();
    expect(refusal).toEqual(TOO_LONG);
    expect(decoded).toEqual([]);
  });

  it('is as long as the option says, to the character', async () => {
    const token = forgeToken(claimsAtNow());
    const options = { clock: new Clock().now };
    const exact = await startTokens({ ...options, maxTokenLength: token.length });
    const shorter = await startTokens({ ...options, maxTokenLength: token.length - 1 });

    expect(await exact.tokens.verifyToken(token)).toBe(true);
    expect(await refusalOf(shorter.tokens.decodeToken(token))).toEqual(TOO_LONG);
  });

  it('is the longest that is made, too', async () => {
    const { tokens } = await startTokens();

    expect(
      await refusalOf(tokens.createAccessToken('alice', { additionalClaims: WEIGHTY })),
    ).toMatchObject({
      name: 'TokenCreationError',
      message: expect.stringMatching(
        /^The token is \d{5} bytes long, and maxTokenLength is 8192: put less into it$/,
      ) as unknown,
    });
  });

  it('counts for every way of reading one (R78)', async () => {
    const { tokens, blocklist } = await startTokens({ clock: new Clock().now });
    const token = forgeToken(claimsAtNow(WEIGHTY));

    expect(await refusalOf(tokens.getUnverifiedHeaders(token))).toEqual(TOO_LONG);
    expect(await refusalOf(tokens.getJti(token))).toEqual(TOO_LONG);
    expect(await refusalOf(tokens.getCsrfToken(token))).toEqual(TOO_LONG);
    expect(await refusalOf(blocklist.revoke(token))).toEqual(TOO_LONG);
    expect(await tokens.verifyToken(token)).toBe(false);
  });

  it('has a header of 2 KB at most, whatever the option says', async () => {
    const { tokens } = await startTokens({ clock: new Clock().now, maxTokenLength: MEGABYTE });
    const header = (weight: number) => ({ alg: 'HS256', x: 'x'.repeat(weight) });
    const fitting = 2048 * 0.75 - JSON.stringify(header(0)).length;

    expect(segment(header(fitting))).toHaveLength(2048);
    expect(await tokens.verifyToken(forgeToken(claimsAtNow(), header(fitting)))).toBe(true);
    expect(
      await refusalOf(tokens.decodeToken(forgeToken(claimsAtNow(), header(fitting + 1)))),
    ).toEqual(TOO_LONG);
  });

  it.each([
    ['signed', (token: string) => token],
    ['unsigned', (token: string) => `${token.slice(0, token.lastIndexOf('.'))}.AAAA`],
  ])(
    'may lie as deep as it is long, and is answered as any other when it is %s (R72, R77)',
    async (_, forge) => {
      const decodeKey = () => SECRET;
      const { tokens } = await startTokens({
        maxTokenLength: MEGABYTE,
        secret: undefined,
        algorithm: 'HS256',
        loaders: { decodeKey },
      });
      const token = forge(forgeToken(deep(100_000)));

      expect(await refusalOf(tokens.decodeToken(token))).toMatchObject({ code: 'TOKEN_INVALID' });
    },
  );
});

function deep(depth: number): string {
  return `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
}

function raiseBodyLimit(adapter: AdapterName, nest: INestApplication): void {
  if (adapter === 'express') {
    (nest as NestExpressApplication).useBodyParser('json', { limit: 4 * MEGABYTE });
  } else {
    const bodyLimit = 4 * MEGABYTE;
    (nest as NestFastifyApplication).useBodyParser(
      'application/json',
      { bodyLimit },
      (_, body, done) => done(null, JSON.parse(String(body))),
    );
  }
}
