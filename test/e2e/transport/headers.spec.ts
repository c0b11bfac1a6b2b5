import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  EchoController,
  invalid,
  missing,
  said,
  sendRaw,
  welcome,
} from '../../support/transport.js';

const NO_SCHEME =
  "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
const BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";

describe.each(ADAPTERS)('On %s the Authorization header', (adapter) => {
  let app: RunningApp;
  let token: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code' },
    });
    token = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  const send = (authorization: string) =>
    app.send('GET', '/access', { headers: { authorization: authorization.replace(/T/g, token) } });

  it.each([
    ['Bearer T'],
    ['bearer T'],
    ['BEARER T'],
    ['Bearer    T'],
    ['  Bearer T  '],
    [',Bearer T'],
    ['Bearer T,'],
    [' ,, Bearer T , ,'],
    ['Basic YTpi, Bearer T'],
    ['Bearer T,Basic YTpi'],
    ['Digest username="a" realm="b", Bearer T'],
  ])('lets the token in that stands in %j (R38, R39)', async (authorization) => {
    expect(said(await send(authorization))).toEqual(welcome('headers'));
  });

  it.each([
    ['', 'Missing Authorization Header'],
    [',', 'Missing Authorization Header'],
    [' , ,, ', 'Missing Authorization Header'],
    ['Basic YTpi', NO_SCHEME],
    ['Basic Bearer T', NO_SCHEME],
    ['T', NO_SCHEME],
    ['BearerT', NO_SCHEME],
    ['Bearer=T', NO_SCHEME],
    ['Bearer\tT', NO_SCHEME],
    ['Bearer\u00a0T', NO_SCHEME],
    ['"Bearer T"', NO_SCHEME],
    ['jwt T', NO_SCHEME],
    ['Bearer T, Bearer T', NO_SCHEME],
    ['Bearer T, bearer T', NO_SCHEME],
    ['Bearer T,Basic YTpi,Bearer x', NO_SCHEME],
  ])('holds no token in %j (R38, R39)', async (authorization, msg) => {
    expect(said(await send(authorization))).toEqual(missing(msg));
  });

  it.each([
    ['Bearer', BAD_HEADER],
    ['Bearer,', BAD_HEADER],
    ['Bearer , T', BAD_HEADER],
    ['Basic YTpi, Bearer', BAD_HEADER],
    ['Bearer T x', BAD_HEADER],
    ['Bearer x T', BAD_HEADER],
    ['Bearer Bearer T', BAD_HEADER],
    ['Bearer "T"', BAD_HEADER],
    ['Bearer T;', BAD_HEADER],
    ['Bearer <T>', BAD_HEADER],
    ['Bearer T\u00a0', BAD_HEADER],
    ['Bearer T\tx', BAD_HEADER],
    ['Bearer \tT', BAD_HEADER],
    ['Bearer =', BAD_HEADER],
    ['Bearer T=T', BAD_HEADER],
    ['Bearer é', BAD_HEADER],
    ['Bearer Bearer', 'Not enough segments'],
    ['Bearer foobarbaz', 'Not enough segments'],
    ['Bearer T=', 'Invalid crypto padding'],
  ])('is malformed where it is %j (R38)', async (authorization, msg) => {
    expect(said(await send(authorization))).toEqual(invalid(msg));
  });

  it('is missed where there is none', async () => {
    expect(said(await app.send('GET', '/access'))).toEqual(missing('Missing Authorization Header'));
  });

  it('counts once: of two header lines Node hands over the first (F18)', async () => {
    const lines = [`Bearer ${token}`, 'Bearer forged'];
    const first = await sendRaw(app, 'GET', '/access', { headers: { authorization: lines } });
    const second = await sendRaw(app, 'GET', '/access', {
      headers: { authorization: [...lines].reverse() },
    });
    expect(said(first)).toEqual(welcome('headers'));
    expect(said(second)).toEqual(invalid('Not enough segments'));
  });

  it.each([
    ['letters', 'A'],
    ['commas', ','],
    ['spaces between letters', 'A '],
    ['schemes', 'Bearer '],
    ['credentials', 'Bearer x,'],
  ])('is refused unread where 15 KB of it are %s (R7, R38, F1, F26)', async (_, text) => {
    const authorization = text.repeat(Math.floor(15_500 / text.length));
    expect(said(await send(authorization))).toEqual(invalid('Token is too long'));
  });

  it('holds a token of 8192 characters at most (R7)', async () => {
    const longest = await send(`Bearer ${'a'.repeat(8192)}`);
    const tooLong = await send(`Bearer ${'a'.repeat(8193)}`);
    expect(said(longest)).toEqual(invalid('Not enough segments'));
    expect(said(tooLong)).toEqual(invalid('Token is too long'));
  });
});

describe.each(ADAPTERS)('On %s a header of another name and scheme', (adapter) => {
  let app: RunningApp;
  let token: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', headerName: 'X-Auth', headerType: 'JWT' },
    });
    token = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  it('carries the token, and Authorization does not', async () => {
    const named = await app.send('GET', '/access', { headers: { 'x-auth': `jwt ${token}` } });
    const usual = await app.send('GET', '/access', { token });
    expect(said(named)).toEqual(welcome('headers'));
    expect(said(usual)).toEqual(missing('Missing X-Auth Header'));
  });

  it('is named in the refusals', async () => {
    const bearer = await app.send('GET', '/access', { headers: { 'x-auth': `Bearer ${token}` } });
    const bare = await app.send('GET', '/access', { headers: { 'x-auth': 'JWT' } });
    expect(said(bearer)).toEqual(
      missing("Missing 'JWT' type in 'X-Auth' header. Expected 'X-Auth: JWT <JWT>'"),
    );
    expect(said(bare)).toEqual(invalid("Bad X-Auth header. Expected 'X-Auth: JWT <JWT>'"));
  });

  it('holds no token where it came twice, since nobody knows which one counts (R39)', async () => {
    const answer = await sendRaw(app, 'GET', '/access', {
      headers: { 'x-auth': [`JWT ${token}`, `JWT ${token}`] },
    });
    expect(said(answer)).toEqual(
      missing("Missing 'JWT' type in 'X-Auth' header. Expected 'X-Auth: JWT <JWT>'"),
    );
  });
});

describe.each(ADAPTERS)('On %s a header without a scheme', (adapter) => {
  let app: RunningApp;
  let token: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', headerType: '' },
    });
    token = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  const send = (authorization: string) =>
    app.send('GET', '/access', { headers: { authorization: authorization.replace(/T/g, token) } });

  it.each([['T'], [' T '], [',T,']])('is the bare token in %j', async (authorization) => {
    expect(said(await send(authorization))).toEqual(welcome('headers'));
  });

  it.each([['Bearer T'], ['T T'], ['T,T'], ['T, x'], ['"T"']])(
    'is malformed where it is %j',
    async (authorization) => {
      expect(said(await send(authorization))).toEqual(
        invalid("Bad Authorization header. Expected 'Authorization: <JWT>'"),
      );
    },
  );

  it.each([[''], [','], [' , ']])('holds no token in %j', async (authorization) => {
    expect(said(await send(authorization))).toEqual(missing('Missing Authorization Header'));
  });
});
