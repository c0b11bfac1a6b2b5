import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type AdapterName, type RunningApp } from '../../support/app.js';
import {
  EchoController,
  invalid,
  missing,
  said,
  sendRaw,
  welcome,
} from '../../support/transport.js';

const NO_KEY = 'Missing "access_token" key in json data.';
const NO_JSON = 'Invalid content-type. Must be application/json.';

/** Express parses objects and arrays only, unless it is told otherwise; Fastify parses any JSON. */
function parseAnyJson(adapter: AdapterName, nest: INestApplication): void {
  if (adapter === 'fastify') return;
  const type = ['application/json', 'application/vnd.api+json'];
  (nest as NestExpressApplication).useBodyParser('json', { strict: false, type });
}

describe.each(ADAPTERS)('On %s a token in a JSON body', (adapter) => {
  let app: RunningApp;
  let access: string;
  let refresh: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: ['json'] },
      configure: (nest) => parseAnyJson(adapter, nest),
    });
    access = await app.get(TokenService).createAccessToken('alice');
    refresh = await app.get(TokenService).createRefreshToken('alice');
  });
  afterAll(() => app.close());

  const post = (body: string, type = 'application/json') =>
    app.send('POST', '/access', { headers: { 'content-type': type }, body });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'is let in with %s, and needs no csrf value',
    async (method) => {
      const answer = await app.send(method, '/access', { json: { a: 1, access_token: access } });
      expect(said(answer)).toEqual(welcome('json'));
    },
  );

  it('has a key of its own where a refresh token is asked for', async () => {
    const json = { refresh_token: refresh, access_token: access };
    expect(said(await app.send('POST', '/refresh', { json }))).toEqual(welcome('json'));
    const answer = await app.send('POST', '/refresh', { json: { access_token: refresh } });
    expect(said(answer)).toEqual(missing('Missing "refresh_token" key in json data.'));
  });

  it.each([
    'application/json;charset=utf-8',
    'application/json ; charset=utf-8',
    'Application/JSON',
  ])('is let in as %j (R49)', async (type) => {
    expect(said(await post(JSON.stringify({ access_token: access }), type))).toEqual(
      welcome('json'),
    );
  });

  it.each([
    ['text/plain', () => JSON.stringify({ access_token: access })],
    ['application/x-www-form-urlencoded', () => `access_token=${access}`],
  ])('is not looked for in %s (R49)', async (type, body) => {
    expect(said(await post(body(), type))).toEqual(missing(NO_JSON));
  });

  it('is not looked for without a body, nor with GET', async () => {
    expect(said(await app.send('POST', '/access'))).toEqual(missing(NO_JSON));
    expect(said(await app.send('GET', '/access'))).toEqual(missing(NO_JSON));
  });

  it.each([
    ['{}'],
    ['null'],
    ['5'],
    ['true'],
    ['"access_token"'],
    ['[]'],
    ['["access_token"]'],
    ['[{"access_token":"T"}]'],
    ['{"Access_Token":"T"}'],
    ['{"data":{"access_token":"T"}}'],
    ['{"access_token":""}'],
    ['{"access_token":null}'],
    ['{"access_token":false}'],
    ['{"access_token":0}'],
  ])('is missing in %s (R49)', async (body) => {
    expect(said(await post(body.replace('T', access)))).toEqual(missing(NO_KEY));
  });

  it.each([
    ['{"access_token":5}'],
    ['{"access_token":true}'],
    ['{"access_token":{}}'],
    ['{"access_token":[]}'],
    ['{"access_token":["T"]}'],
    ['{"access_token":{"access_token":"T"}}'],
  ])('is refused where it is no text: %s (R49)', async (body) => {
    expect(said(await post(body.replace('T', access)))).toEqual(
      invalid("Invalid token type. Token must be a <class 'bytes'>"),
    );
  });

  it.each([
    ['foobarbaz', 'Not enough segments'],
    ['Bearer T', 'Invalid header padding'],
  ])('is refused where it is no token: %j', async (text, msg) => {
    const json = { access_token: text.replace('T', access) };
    expect(said(await app.send('POST', '/access', { json }))).toEqual(invalid(msg));
  });

  it.each([
    ['8193 letters', 'a'.repeat(8193)],
    ['80 KB of segments', 'a.'.repeat(40_000)],
    ['80 KB of nested JSON', `${Buffer.from('['.repeat(60_000)).toString('base64url')}.e30.e30`],
  ])('is refused unread where it is %s (R7, F22)', async (_, text) => {
    expect(said(await app.send('POST', '/access', { json: { access_token: text } }))).toEqual(
      invalid('Token is too long'),
    );
  });

  it.each([
    '{"__proto__":{"access_token":"T"}}',
    '{"constructor":{"prototype":{"access_token":"T"}}}',
  ])('is never inherited: %s (R49)', async (body) => {
    const answer = await post(body.replace('T', access));
    // Fastify refuses such bodies by itself.
    const refusal = adapter === 'fastify' ? { status: 400 } : missing(NO_KEY);
    expect(said(answer)).toMatchObject(refusal);
    expect(Object.prototype).not.toHaveProperty('access_token');
  });
});

describe.each(ADAPTERS)('On %s JSON keys', (adapter) => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: {
        errorCodeKey: 'code',
        locations: ['json'],
        jsonKey: 'token',
        refreshJsonKey: 'renew',
      },
    });
  });
  afterAll(() => app.close());

  it('have the names that the options give them', async () => {
    const tokens = app.get(TokenService);
    const json = {
      token: await tokens.createAccessToken('alice'),
      renew: await tokens.createRefreshToken('alice'),
    };
    expect(said(await app.send('POST', '/access', { json }))).toEqual(welcome('json'));
    expect(said(await app.send('POST', '/refresh', { json }))).toEqual(welcome('json'));
    expect(said(await app.send('POST', '/access', { json: { access_token: 'x' } }))).toEqual(
      missing('Missing "token" key in json data.'),
    );
  });
});

describe('On express a body of a JSON dialect', () => {
  it('holds a token where the application has it parsed, even with GET', async () => {
    const app = await createApp('express', {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: ['json'] },
      configure: (nest) => parseAnyJson('express', nest),
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    const sent = {
      headers: { 'content-type': 'application/vnd.api+json' },
      body: JSON.stringify({ access_token: token }),
    };
    const answers = [
      await sendRaw(app, 'POST', '/access', sent),
      await sendRaw(app, 'GET', '/access', sent),
    ];
    await app.close();
    for (const answer of answers) expect(said(answer)).toEqual(welcome('json'));
  });
});
