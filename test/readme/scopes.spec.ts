import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileSample, Sample } from '../support/sample.js';

const API_KEY = 'reports-7Qm2xTz9Lc4VbN8s';

const NO_TOKEN = { status: 401, body: { msg: 'Missing Authorization Header' }, scope: undefined };
const NO_CLAIM = { status: 403, body: { msg: 'Missing required claim(s)' }, scope: undefined };

function noScope(scope: string): object {
  return { status: 403, body: { msg: 'Missing required scope(s)' }, scope };
}

function ok(body: unknown, status = 200): object {
  return { status, body, scope: undefined };
}

describe('The sample of scopes', () => {
  let sample: Sample;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    await compileSample('start:scopes');
    sample = await Sample.start('start:scopes', {
      PORT: '0',
      JWT_SECRET: undefined,
      REPORTS_API_KEY: API_KEY,
    });
    const alice = { username: 'alice', password: 'wonderland' };
    tokens.alice = await logIn(alice);
    tokens.bob = await logIn({ username: 'bob', password: 'pickwick' });
    tokens.carol = await logIn({ username: 'carol', password: 'christmas' });
    const scope = 'read:articles admin:everything';
    tokens['alice, reading'] = await logIn({ ...alice, scope });
    tokens['alice, for nothing'] = await logIn({ ...alice, scope: '' });
  });
  afterAll(() => sample?.stop());

  it.each<[string, string, string | undefined, object]>([
    ['GET', '/articles', undefined, NO_TOKEN],
    ['GET', '/articles', 'alice, for nothing', noScope('read:articles')],
    ['GET', '/articles', 'alice, reading', ok([expect.objectContaining({ author: 'alice' })])],
    ['POST', '/articles', 'alice, reading', noScope('write:articles read:articles')],
    ['POST', '/articles', 'carol', noScope('write:articles read:articles')],
    ['POST', '/articles', 'alice', ok({ published: 2 }, 201)],
    ['DELETE', '/articles', 'alice', NO_CLAIM],
    ['DELETE', '/articles', 'carol', noScope('write:articles read:articles')],
    ['DELETE', '/articles', 'bob', ok({ removed: 2 })],
    ['GET', '/users/alice', 'alice', ok({ username: 'alice', roles: ['author'] })],
    ['GET', '/users/bob', 'alice', NO_CLAIM],
    ['GET', '/users/%61lice', 'alice, for nothing', ok({ username: 'alice', roles: ['author'] })],
    ['GET', '/users/bob', 'carol', ok({ username: 'bob', roles: ['editor'] })],
    ['GET', '/users/bob', undefined, NO_TOKEN],
    ['GET', '/reports', 'bob', ok({ reader: 'bob' })],
    ['GET', '/reports', 'alice, for nothing', noScope('read:articles')],
    ['GET', '/reports', undefined, NO_TOKEN],
  ])('responds to %s %s with the token of %s', async (method, path, who, expected) => {
    expect(await call(method, path, { token: who && tokens[who] })).toEqual(expected);
  });

  it('accepts its API key instead of a token and no other key', async () => {
    const byKey = ok({ reader: 'the holder of the API key' });
    expect(await call('GET', '/reports', { key: API_KEY })).toEqual(byKey);
    expect(await call('GET', '/reports', { key: API_KEY, token: 'a.b.c' })).toEqual(byKey);
    expect(await call('GET', '/reports', { key: `${API_KEY}s` })).toEqual(NO_TOKEN);
    expect(await call('GET', '/articles', { key: API_KEY })).toEqual(NO_TOKEN);
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'looking-glass' }],
    ['an unknown user', { username: '__proto__', password: 'wonderland' }],
    ['credentials that are not text', { username: ['alice'], password: { $ne: '' } }],
    ['nothing', undefined],
  ])('refuses a login with %s', async (_what, body) => {
    const answer = await sample.post('/login', JSON.stringify(body));

    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 401,
      body: { msg: 'Bad username or password' },
    });
  });

  async function logIn(body: object): Promise<string> {
    const answer = await sample.post('/login', JSON.stringify(body));
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  async function call(
    method: string,
    path: string,
    { token, key }: { token?: string | undefined; key?: string },
  ) {
    const answer = await fetch(sample.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'x-api-key': key }),
        ...(method === 'POST' && { 'content-type': 'application/json' }),
      },
      body: method === 'POST' ? '{"title":"Through the looking-glass"}' : undefined,
    });
    const challenge = answer.headers.get('www-authenticate') ?? '';
    return {
      status: answer.status,
      body: await answer.json(),
      scope: /scope="([^"]*)"/.exec(challenge)?.[1],
    };
  }
});
