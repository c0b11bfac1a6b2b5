import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningApp, serve } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { accessClaims, forgeToken, SECRET } from '../support/forge.js';
import { root, tableOf } from '../support/readme.js';
import { RedisServer } from '../support/redis.js';
import { RunFiles } from '../support/run-files.js';
import { compileSample, Sample } from '../support/sample.js';
import { claimsOf } from '../support/tokens.js';
import { DOCUMENTATION } from './flask-documentation.js';
import { PROGRAMS } from './flask-programs.js';
import { aged, Visitor } from './visitor.js';

/** Ours that have no counterpart for Flask here: their libraries are not installed. */
const NEST_ONLY = ['flask-jwt-handlers', 'flask-pyjwt'];
const FOLDER = 'sample/11-from-flask';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
  process.env.JWT_SECRET = SECRET;
  process.env.REDIS_URL = redis.url;
});
afterAll(async () => {
  delete process.env.JWT_SECRET;
  delete process.env.REDIS_URL;
  await redis.close();
});

describe.each(Object.entries(PROGRAMS))(
  'The program %s of Flask-JWT-Extended',
  (_name, { flask, nest, walk, answers }) => {
    let peers: { readonly Flask: FlaskApp; readonly Nest: RunningApp };

    beforeAll(async () => {
      const file = join(root, FOLDER, 'flask', flask);
      peers = {
        Flask: await FlaskApp.serve(file, { JWT_SECRET: SECRET }),
        Nest: await serve({ imports: [(await nest()).AppModule] }),
      };
    });
    afterAll(() => Promise.all([peers.Flask.close(), peers.Nest.close()]));

    it.each(['Flask', 'Nest'] as const)('answers the same from %s', async (name) => {
      const visitor = new Visitor(peers[name]);

      await walk(visitor);

      expect(visitor.answers).toEqual(answers);
    });
  },
);

describe("The programs of the libraries' documentation", () => {
  const run = new RunFiles();

  it.each(DOCUMENTATION)('%s, %s: is %s, which a test runs', (_library, _program, file) => {
    expect(run.has(file)).toBe(true);
  });

  it('are in the table of the guide', () => {
    const rows = tableOf('Library').map((row) => {
      const [, path = ''] = /\]\(([^)]+)\)/.exec(row['Here']!) ?? [];
      return [row['Library'], row['Program of its documentation'], join(FOLDER, path)];
    });

    expect(rows).toEqual(DOCUMENTATION);
  });

  it('are all run by this test', () => {
    const ours = [...Object.keys(PROGRAMS), ...NEST_ONLY];
    const named = DOCUMENTATION.map(([, , file]) => file);
    const flask = Object.values(PROGRAMS).map((program) => program.flask);

    expect(filesOf('src', '.ts')).toEqual([...ours, 'main'].map((name) => `${name}.ts`).sort());
    expect(filesOf('flask', '.py')).toEqual([...new Set(flask)].sort());
    expect(ours.filter((name) => !named.includes(`${FOLDER}/src/${name}.ts`))).toEqual([]);
  });

  const filesOf = (folder: string, ending: string) =>
    readdirSync(join(root, FOLDER, folder))
      .filter((file) => file.endsWith(ending))
      .sort();
});

describe("The program of Flask-JWT's handlers", () => {
  let app: RunningApp;
  beforeAll(async () => {
    const { AppModule } = await import('../../sample/11-from-flask/src/flask-jwt-handlers.js');
    app = await serve({ imports: [AppModule] });
  });
  afterAll(() => app.close());

  it('answers with what each handler gives', async () => {
    const visitor = new Visitor(app);

    const joe = { username: 'joe', password: 'pass' };
    const { access_token: token = '' } = await visitor.send('POST', '/auth', { json: joe });
    await visitor.send('POST', '/auth', { json: { ...joe, password: 'abcxyz' } });
    await visitor.send('GET', '/protected', { token });
    await visitor.send('GET', '/protected', { headers: { 'X-Auth-Token': token } });
    const ofAnother = aged(token, 0).replace(/[^.]*$/, 'AAAA');
    await visitor.send('GET', '/protected', { headers: { 'X-Auth-Token': ofAnother } });

    expect(visitor.answers).toEqual([
      [200, { access_token: '<token>', user_id: 1 }],
      [401, { msg: 'Bad username or password' }],
      [401, { code: 'TOKEN_MISSING', description: expect.any(String) }],
      [200, { hello: 'joe' }],
      [422, { code: 'TOKEN_INVALID', description: 'Signature verification failed' }],
    ]);
    expect(claimsOf(token)).toMatchObject({ identity: 1, shop: 'wonderland' });
    expect(JSON.parse(atob(token.split('.')[0]!))).toMatchObject({ made_by: 'nest' });
  });
});

describe("The program of Flask_PyJWT's documentation", () => {
  let app: RunningApp;
  beforeAll(async () => {
    const { AppModule } = await import('../../sample/11-from-flask/src/flask-pyjwt.js');
    app = await serve({ imports: [AppModule] });
  });
  afterAll(() => app.close());

  const form = (username: string, password: string) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username, password }).toString(),
  });
  const NO_CLAIM = [403, { msg: 'Missing required claim(s)' }];

  it('answers with the statuses of Flask_PyJWT', async () => {
    const visitor = new Visitor(app);

    await visitor.send('POST', '/login', form('alice', 'wrong'));
    await visitor.send('POST', '/login', form('__proto__', 'pass'));
    const alice = await visitor.send('POST', '/login', form('alice', 'pass'));
    const { auth_token: bob } = await visitor.send('POST', '/login', form('bob', 'pass'));
    const { auth_token: token = '', refresh_token: refresh } = alice;
    await visitor.send('GET', '/protected_route');
    await visitor.send('GET', '/protected_route', { token: refresh });
    await visitor.send('GET', '/protected_route', { token: aged(token, 3600) });
    await visitor.send('POST', '/refresh', { token });
    const { auth_token: renewed } = await visitor.send('POST', '/refresh', { token: refresh });
    await visitor.send('GET', '/protected_route', { token: renewed });
    for (const each of [token, bob]) {
      await visitor.send('GET', '/user_specific_route/alice', { token: each });
      await visitor.send('GET', '/custom_claim_route', { token: each });
      await visitor.send('GET', '/admin_dashboard', { token: each });
    }

    const pair = [200, { auth_token: '<token>', refresh_token: '<token>' }];
    expect(visitor.answers).toEqual([
      [401, { error: 'Invalid login credentials' }],
      [401, { error: 'Invalid login credentials' }],
      pair,
      pair,
      [401, { msg: 'Missing Authorization Header' }],
      [401, { msg: 'Only non-refresh tokens are allowed' }],
      [401, { msg: 'Token has expired' }],
      [401, { msg: 'Only refresh tokens are allowed' }],
      [200, { auth_token: '<token>' }],
      [200, { message: "You've reached the protected route!" }],
      [200, { message: 'Hello, alice!' }],
      [200, { message: "You've reached the custom claim route!" }],
      [200, { message: 'Hello admin!' }],
      NO_CLAIM,
      NO_CLAIM,
      [403, { msg: 'Missing required scope(s)' }],
    ]);
  });

  it('accepts the auth token of a Flask_PyJWT service, and shows what it holds', async () => {
    const own = { iss: 'wonderland', type: 'auth', scope: { admin: true } };
    const { iat, exp } = accessClaims();
    const claims = { ...own, iat, exp, sub: 'alice' };
    const token = forgeToken(claims);

    const info = await new Visitor(app).send('GET', '/token/info', { token });

    expect(info).toEqual({
      token_type: 'access',
      subject: 'alice',
      scope: { admin: true },
      claims: expect.objectContaining(claims),
      signed_token: token,
    });
  });
});

describe('The sample', () => {
  let sample: Sample | undefined;
  beforeAll(() => compileSample('start:from-flask'));
  afterAll(() => sample?.stop());

  const start = (PROGRAM?: string) =>
    Sample.start('start:from-flask', { PORT: '0', JWT_SECRET: undefined, PROGRAM });

  it('serves the program that PROGRAM names, with a secret of its own', async () => {
    sample = await start('optional-route');

    const answer = await fetch(`${sample.url}/optionally_protected`);

    expect(await answer.json()).toEqual({ logged_in_as: 'anonymous user' });
  });

  it('names all programs if there is no such one', async () => {
    const names = [...Object.keys(PROGRAMS), ...NEST_ONLY].sort();

    await expect(start('main')).rejects.toThrow(`must be one of ${names.join(', ')}`);
  });
});
