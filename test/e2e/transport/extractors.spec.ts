import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import { ExtractJwt } from 'passport-jwt';
import { TokenService, type TokenExtractor } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  EchoController,
  invalid,
  missing,
  refusal,
  said,
  welcome,
} from '../../support/transport.js';

describe.each(ADAPTERS)('On %s an extractor of the application', (adapter) => {
  let app: RunningApp;
  let token: string;
  /** What the extractor does in one test. */
  let extract: (request: unknown) => unknown;

  beforeAll(async () => {
    const extractor = ((request: unknown) => extract(request)) as TokenExtractor;
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: [extractor, 'headers'] },
    });
    token = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  it.each([
    ['fromHeader', ExtractJwt.fromHeader('x-token'), '', { 'x-token': 'T' }, undefined],
    ['fromUrlQueryParameter', ExtractJwt.fromUrlQueryParameter('t'), '?t=T', {}, undefined],
    ['fromBodyField', ExtractJwt.fromBodyField('t'), '', {}, { t: 'T' }],
    [
      'fromExtractors',
      ExtractJwt.fromExtractors([ExtractJwt.fromHeader('a'), ExtractJwt.fromHeader('b')]),
      '',
      { b: 'T' },
      undefined,
    ],
  ])("may be passport-jwt's %s", async (_, extractor, search, headers, json) => {
    extract = extractor as typeof extract;
    const filled = Object.entries({ ...headers }).map(([name]) => [name, token]);
    const answer = await app.send('POST', `/access${search.replace('T', token)}`, {
      headers: Object.fromEntries(filled) as Record<string, string>,
      json: json && { t: token },
    });
    expect(said(answer)).toEqual(welcome('custom'));
  });

  it.each([[null], [undefined], [''], [0], [false]])(
    'says with %j that there is no token',
    async (nothing) => {
      extract = () => nothing;
      expect(said(await app.send('GET', '/access'))).toEqual(
        missing('Missing JWT in custom or headers (Missing token; Missing Authorization Header)'),
      );
      expect(said(await app.send('GET', '/access', { token }))).toEqual(welcome('headers'));
      expect(said(await app.send('GET', '/optional'))).toEqual(welcome(null, null));
    },
  );

  it.each([
    ['a number', () => 5],
    ['true', () => true],
    ['an object', () => ({ token })],
    ['an array', () => [token]],
    ['bytes', () => Buffer.from(token)],
    ['a function', () => () => token],
    ['a symbol', () => Symbol('token')],
    ['a promise', () => Promise.resolve(token)],
  ])('lets nobody in with %s, whatever the header holds (R40)', async (_, give) => {
    extract = give;
    const refused = invalid("Invalid token type. Token must be a <class 'bytes'>");
    expect(said(await app.send('GET', '/access', { token }))).toEqual(refused);
    expect(said(await app.send('GET', '/optional', { token }))).toEqual(refused);
  });

  it('that gives a bad token is believed: no other location is looked at (R40)', async () => {
    extract = () => 'foobarbaz';
    expect(said(await app.send('GET', '/access', { token }))).toEqual(
      invalid('Not enough segments'),
    );
    extract = () => 'a'.repeat(1_000_000);
    expect(said(await app.send('GET', '/access', { token }))).toEqual(invalid('Token is too long'));
  });

  describe('that throws', () => {
    let logged: jest.SpiedFunction<Logger['error']>;

    beforeEach(() => {
      logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    });
    afterEach(() => logged.mockRestore());

    it.each([
      ['an error', new Error('no such session')],
      ['text', 'no such session'],
      ['nothing', undefined],
    ])('%s leaves the token unchecked (R28, R77)', async (_, thrown) => {
      extract = () => {
        throw thrown;
      };
      const unavailable = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
      expect(said(await app.send('GET', '/access', { token }))).toEqual(unavailable);
      expect(said(await app.send('GET', '/optional', { token }))).toEqual(unavailable);
    });

    it('tells the operator what', async () => {
      extract = () => {
        throw new Error('no such session');
      };
      await app.send('GET', '/access', { token });
      expect(logged).toHaveBeenCalledWith('A token could not be checked: no such session');
    });
  });

  it('that throws an HttpException keeps its status (R77)', async () => {
    extract = () => {
      throw new ForbiddenException('not from here');
    };
    expect(said(await app.send('GET', '/access', { token }))).toEqual({
      status: 403,
      body: { statusCode: 403, error: 'Forbidden', message: 'not from here' },
    });
  });
});

describe.each(ADAPTERS)('On %s an extractor whose promise rejects', (adapter) => {
  it('lets nobody in, and the process lives on (R28, R73)', async () => {
    const extractor = (() => Promise.reject(new Error('no such session'))) as never;
    const app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: [extractor, 'headers'] },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    const { status } = await app.send('GET', '/access', { token });
    await app.close();
    expect([422, 503]).toContain(status);
  });
});

describe.each(ADAPTERS)('On %s two extractors', (adapter) => {
  it('are asked in order, and both are named where neither finds a token', async () => {
    const app = await createApp(adapter, {
      controllers: [EchoController],
      options: {
        errorCodeKey: 'code',
        locations: [ExtractJwt.fromHeader('x-first'), ExtractJwt.fromHeader('x-second')],
      },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    const answers = [
      await app.send('GET', '/access', { headers: { 'x-first': 'x', 'x-second': token } }),
      await app.send('GET', '/access', { headers: { 'x-second': token } }),
      await app.send('GET', '/access'),
    ];
    await app.close();
    expect(answers.map(said)).toEqual([
      invalid('Not enough segments'),
      welcome('custom'),
      missing('Missing JWT in custom or custom (Missing token; Missing token)'),
    ]);
  });
});
