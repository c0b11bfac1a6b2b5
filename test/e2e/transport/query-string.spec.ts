import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { EchoController, invalid, missing, said, welcome } from '../../support/transport.js';

describe.each(ADAPTERS)('On %s a token in the query string', (adapter) => {
  let app: RunningApp;
  let token: string;
  let other: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: ['query_string', 'headers'] },
    });
    token = await app.get(TokenService).createAccessToken('alice');
    other = await app.get(TokenService).createAccessToken('mallory');
  });
  afterAll(() => app.close());

  const send = (query: string, method = 'GET') => {
    const filled = query.replace(/\b[TU]\b/g, (name) => (name === 'T' ? token : other));
    return app.send(method, `/access?${filled}`);
  };
  const missed = missing(
    "Missing JWT in query_string or headers (Missing 'jwt' query paramater; Missing Authorization Header)",
  );

  it.each([['jwt=T'], ['a=b&jwt=T&c[d]=e'], ['jwt=T&jwt=T'], ['%6Awt=T'], ['jwt=T&JWT=U']])(
    'is let in from ?%s',
    async (query) => {
      expect(said(await send(query))).toEqual(welcome('query_string'));
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('needs no csrf value with %s', async (method) => {
    expect(said(await send('jwt=T', method))).toEqual(welcome('query_string'));
  });

  it.each([
    [''],
    ['jwt'],
    ['jwt='],
    ['jwt=&jwt='],
    ['JWT=T'],
    ['ajwt=T'],
    ['jwt[x]=T'],
    ['jwt[jwt]=T'],
    ['jwt.x=T'],
    ['token=T'],
    ['__proto__[jwt]=T'],
    ['__proto__=T'],
    ['constructor[prototype][jwt]=T'],
  ])('is missing in ?%s (R50)', async (query) => {
    expect(said(await send(query))).toEqual(missed);
    expect(Object.prototype).not.toHaveProperty('jwt');
  });

  it.each([
    ['jwt=T&jwt=U'],
    ['jwt=U&jwt=T'],
    ['jwt=T&jwt=T&jwt=U'],
    ['jwt=&jwt=T'],
    ['jwt=T&jwt='],
  ])('is refused where a second one differs: ?%s (R50)', async (query) => {
    expect(said(await send(query))).toEqual(invalid("Multiple values for query parameter 'jwt'"));
  });

  it.each([
    ['jwt=foobarbaz', 'Not enough segments'],
    ['jwt=Bearer+T', 'Invalid header padding'],
    ['jwt=T%00', 'Invalid crypto padding'],
  ])('is refused where it is no token: ?%s', async (query, msg) => {
    expect(said(await send(query))).toEqual(invalid(msg));
  });

  it('is refused unread where it is longer than 8192 characters (R7)', async () => {
    expect(said(await send(`jwt=${'a'.repeat(8193)}`))).toEqual(invalid('Token is too long'));
  });

  it('keeps its address out of caches and referrers (R50, R69)', async () => {
    const { headers } = await send('jwt=T');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('leaves the headers of a response alone where the token came otherwise', async () => {
    const answer = await app.send('GET', '/access', { token });
    expect(said(answer)).toEqual(welcome('headers'));
    expect(answer.headers.get('cache-control')).toBeNull();
    expect(answer.headers.get('referrer-policy')).toBeNull();
  });

  it('keeps a refusal out of caches (R69)', async () => {
    const { headers } = await send('jwt=foobarbaz');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe.each(ADAPTERS)('On %s a query parameter with a prefix', (adapter) => {
  let app: RunningApp;
  let token: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: {
        errorCodeKey: 'code',
        locations: ['query_string', 'headers'],
        queryStringName: 'auth',
        queryStringValuePrefix: 'Bearer ',
      },
    });
    token = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  const send = (path: string, value: string) =>
    app.send('GET', `${path}?auth=${value.replace('T', token)}`, { token });
  const badPrefix = invalid(
    "Invalid value for query parameter 'auth'. Expected the value to start with 'Bearer '",
  );

  it.each(['Bearer%20T', 'Bearer+T'])('holds the token in %j', async (value) => {
    expect(said(await send('/access', value))).toEqual(welcome('query_string'));
  });

  it.each(['T', 'bearer%20T', 'Bearer', 'BearerT', '%20Bearer%20T', 'Basic%20T'])(
    'is refused without it, and no other location is looked at: %j (R40, R50)',
    async (value) => {
      expect(said(await send('/access', value))).toEqual(badPrefix);
      expect(said(await send('/optional', value))).toEqual(badPrefix);
    },
  );

  it('is refused where nothing follows it', async () => {
    expect(said(await send('/access', 'Bearer%20'))).toEqual(invalid('Not enough segments'));
  });

  it('has the name that the options give it', async () => {
    const answer = await app.send('GET', `/access?jwt=Bearer%20${token}`);
    expect(said(answer)).toEqual(
      missing(
        "Missing JWT in query_string or headers (Missing 'auth' query paramater; Missing Authorization Header)",
      ),
    );
  });
});
