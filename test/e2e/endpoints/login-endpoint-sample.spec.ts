import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exchangesIn } from '../../support/http-block.js';
import { forgeToken } from '../../support/forge.js';
import { blocksIn } from '../../support/readme.js';
import { compileSample, Sample } from '../../support/sample.js';
import { claimsOf } from '../../support/tokens.js';

const SECRET = 'tX4mQ9vB2kLs7WzR1cYhN6pJfGdE8uKaO3iVbSxTqCe';
const JOE = '{"username":"joe","password":"pass"}';

// Another process is started and passwords hashed: what takes a second takes several on a busy machine.
interface Said {
  readonly status: number;
  readonly type: string | null;
  readonly challenge: string | null;
  readonly body: string;
}

describe("The sample that speaks Flask-JWT's protocol", () => {
  let sample: Sample;

  beforeAll(async () => {
    await compileSample('start:login-endpoint');
    sample = await Sample.start('start:login-endpoint', { PORT: '0', JWT_SECRET: SECRET });
  });
  afterAll(() => sample?.stop());

  it("answers the requests of Flask-JWT's documentation, as the README shows", async () => {
    const exchanges = blocksIn('http').flatMap(exchangesIn);
    let token = '';

    for (const { method, path, headers, body, ...expected } of exchanges) {
      const sent = Object.entries(headers).map(([name, value]) => [name, withToken(value)]);
      const answer = await fetch(sample.url + path, {
        method,
        headers: Object.fromEntries(sent) as Record<string, string>,
        body,
      });
      const text = await answer.text();
      token = /"access_token":"([^"]+)"/.exec(text)?.[1] ?? token;
      const shown = Object.keys(expected.answerHeaders).map((name) => [
        name,
        answer.headers.get(name)?.replace('; charset=utf-8', ''),
      ]);
      expect({
        status: answer.status,
        answerHeaders: Object.fromEntries(shown) as object,
        answer: token ? text.replace(token, '<token>') : text,
      }).toEqual(expected);
    }
    expect(exchanges.length).toBeGreaterThanOrEqual(4);

    function withToken(text: string): string {
      return text.replace('<token>', token);
    }
  });

  it('makes tokens that a Flask-JWT service takes', async () => {
    const { access_token: token } = JSON.parse((await logIn(JOE)).body) as { access_token: string };

    const { identity, iat, nbf, exp } = claimsOf(token);
    expect({ identity, nbf, exp }).toEqual({ identity: 1, nbf: iat, exp: Number(iat) + 300 });
  });

  it.each([
    ['of now', 0, 200, "User(id='2')"],
    ['that has expired within the leeway', -302, 200, "User(id='2')"],
    ['that has expired', -311, 401, refusal('Invalid token', 'Signature has expired')],
  ])('takes the token of a Flask-JWT service %s', async (_what, age, status, body) => {
    const iat = Math.floor(Date.now() / 1000) + age;
    const token = forgeToken({ identity: 2, iat, nbf: iat, exp: iat + 300 }, undefined, SECRET);

    expect(await get(`JWT ${token}`)).toMatchObject({ status, body });
  });

  it.each([
    ['a wrong password', '{"username":"joe","password":"abcxyz"}'],
    ['a member too many', '{"username":"joe","password":"pass","remember":true}'],
    ['a member too few', '{"username":"joe"}'],
    ['nothing in it', '{}'],
  ])('refuses credentials with %s', async (_what, body) => {
    expect(await logIn(body)).toMatchObject({
      status: 401,
      body: refusal('Bad Request', 'Invalid credentials'),
    });
  });

  it.each([
    ['Bearer a.b.c', 'Invalid JWT header', 'Unsupported authorization type'],
    ['JWT', 'Invalid JWT header', 'Token missing'],
    ['JWT a b', 'Invalid JWT header', 'Token contains spaces'],
    ['JWT a.b', 'Invalid token', 'Not enough segments'],
    [
      `JWT ${forgeToken({ identity: 1, exp: 2e9, iat: 1, nbf: 1 }, undefined, 'x'.repeat(64))}`,
      'Invalid token',
      'Signature verification failed',
    ],
    [
      `JWT ${forgeToken({ identity: 3, exp: 2e9, iat: 1, nbf: 1 }, undefined, SECRET)}`,
      'Invalid JWT',
      'User does not exist',
    ],
  ])('refuses the header %s in the words of Flask-JWT', async (header, error, description) => {
    expect(await get(header)).toMatchObject({ status: 401, body: refusal(error, description) });
  });

  it('says how to ask', async () => {
    expect(await get()).toEqual({
      status: 401,
      type: 'application/json; charset=utf-8',
      challenge: 'JWT realm="Login Required"',
      body: refusal('Authorization Required', 'Request does not contain an access token'),
    });
  });

  function logIn(body: string): Promise<Said> {
    return said(sample.post('/auth', body));
  }

  function get(authorization?: string): Promise<Said> {
    const headers = authorization === undefined ? undefined : { authorization };
    return said(fetch(`${sample.url}/protected`, { headers }));
  }
});

async function said(answered: Promise<Response>): Promise<Said> {
  const answer = await answered;
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    challenge: answer.headers.get('www-authenticate'),
    body: await answer.text(),
  };
}

/** Flask-JWT's form of an error, its members in Flask-JWT's order. */
function refusal(error: string, description: string): string {
  return JSON.stringify({ status_code: 401, error, description });
}
