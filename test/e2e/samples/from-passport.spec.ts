import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { blocksIn, pageAt, plain, root, tableOf } from '../../support/readme.js';
import { compileSample, Sample } from '../../support/sample.js';

const PAGE = 'sample/10-from-passport';
const SECRETS = {
  JWT_SECRET: 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK',
  JWT_REFRESH_SECRET: 'T3vBn9KwRx5LmQz7YdC2jPfG8hUsE4oA6iXWqJrV',
};
const jwt = new JwtService({ secret: SECRETS.JWT_SECRET });
/** What a token needs in both applications. */
const CLAIMS = { sub: 'alice', roles: ['admin'], type: 'access', jti: '1' };

interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string } | undefined;
}

/** A client of the sample. */
class Client {
  constructor(private readonly sample: Sample) {}

  async send(method: string, path: string, token?: string, json?: object): Promise<Answer> {
    const answer = await fetch(this.sample.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' }),
      },
      ...(json && { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? (JSON.parse(text) as Answer['body']) : undefined };
  }

  async logIn(username = 'alice', password = 'wonderland'): Promise<Pair> {
    const { status, body } = await this.send('POST', '/auth/login', undefined, {
      username,
      password,
    });
    expect(status).toBe(201);
    return body as unknown as Pair;
  }

  read = (token?: string) => this.send('GET', '/articles', token);
  remove = (token?: string) => this.send('DELETE', '/articles/1', token);
  logOut = (token?: string) => this.send('POST', '/auth/logout', token);
  refresh = (token?: string) => this.send('POST', '/auth/refresh', token);
}

const pairIn = ({ body }: Answer) => body as unknown as Pair;

/** The requests of the guide's table, by their names there. */
const REQUESTS: Readonly<Record<string, (client: Client) => Promise<Answer>>> = {
  'log in': (client) =>
    client.send('POST', '/auth/login', undefined, { username: 'alice', password: 'wonderland' }),
  'log in with a wrong password': (client) =>
    client.send('POST', '/auth/login', undefined, { username: 'alice', password: 'looking-glass' }),
  'read with an access token': async (client) => client.read((await client.logIn()).accessToken),
  'read without a token': (client) => client.read(),
  'read with nonsense': (client) => client.read('nonsense'),
  'read with an expired token': (client) =>
    client.read(jwt.sign({ ...CLAIMS, exp: Math.floor(Date.now() / 1000) - 60 })),
  'read with a refresh token': async (client) => client.read((await client.logIn()).refreshToken),
  'delete as an admin': async (client) => client.remove((await client.logIn()).accessToken),
  'delete without the role': async (client) =>
    client.remove((await client.logIn('bob', 'pickwick')).accessToken),
  refresh: async (client) => client.refresh((await client.logIn()).refreshToken),
  'refresh on the first of two devices': async (client) => {
    const { refreshToken } = await client.logIn();
    await client.logIn();
    return client.refresh(refreshToken);
  },
  'refresh with a token that was just used': async (client) => {
    const { refreshToken } = await client.logIn();
    await client.refresh(refreshToken);
    return client.refresh(refreshToken);
  },
  'refresh with a token whose successor has been used': async (client) =>
    client.refresh((await stolen(client)).refreshToken),
  'refresh with the newest token, after that theft': async (client) => {
    const { refreshToken, last } = await stolen(client);
    await client.refresh(refreshToken);
    return client.refresh(last.refreshToken);
  },
  'log out': async (client) => client.logOut((await client.logIn()).accessToken),
  'read with the access token after the logout': async (client) => {
    const { accessToken } = await client.logIn();
    await client.logOut(accessToken);
    return client.read(accessToken);
  },
  'refresh after the logout': async (client) => {
    const { accessToken, refreshToken } = await client.logIn();
    await client.logOut(accessToken);
    return client.refresh(refreshToken);
  },
};

/** A refresh token that was used, and the last one of its session. */
async function stolen(client: Client): Promise<{ refreshToken: string; last: Pair }> {
  const { refreshToken } = await client.logIn();
  const next = pairIn(await client.refresh(refreshToken));
  return { refreshToken, last: pairIn(await client.refresh(next.refreshToken)) };
}

beforeAll(() => compileSample('start:from-passport'));

function start(variables: NodeJS.ProcessEnv): Promise<Sample> {
  const unset = { ACCEPT_OLD_TOKENS: undefined, API_KEY: undefined };
  return Sample.start('start:from-passport', { ...unset, ...SECRETS, PORT: '0', ...variables });
}

/** A status, and the message of a refusal, as the guide writes them. */
const shown = ({ status, body }: Answer) =>
  status < 400 ? String(status) : `${status} ${body?.message}`;

describe.each([
  ['before', 'Before'],
  ['after', 'Now'],
])('The application as it is %s', (APP, column) => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await start({ APP });
  });
  afterAll(() => sample?.stop());

  it('answers the requests of the guide as the guide says', async () => {
    const answers = [];
    for (const [name, request] of Object.entries(REQUESTS))
      answers.push([name, shown(await request(new Client(sample)))]);

    const rows = tableOf('Request').map((row) => [plain(row['Request']), plain(row[column])]);
    expect(rows).toEqual(answers);
  });

  if (APP === 'after') {
    it('names the tokens as the guide says', async () => {
      const sentence = /`createTokenPair` and `rotateRefreshToken` return ([^.]+)\./;
      const [, names = ''] = sentence.exec(pageAt(`${PAGE}/README.md`)) ?? [];
      const named = Array.from(names.matchAll(/`(\w+)`/g), ([, name]) => name);

      expect(Object.keys(await new Client(sample).logIn())).toEqual(named);
    });

    it('has bodies as Nest writes them, with a code', async () => {
      const { body } = await REQUESTS['read with an expired token']!(new Client(sample));

      const shownBody = /`\{ (message: .+) \}`/.exec(pageAt(`${PAGE}/README.md`))?.[1];
      const members = Object.entries(body ?? {}).map(
        ([name, value]) => `${name}: ${literal(value)}`,
      );
      expect(shownBody).toBe(members.join(', '));
    });
  }
});

describe('Tokens of the application before', () => {
  let old: Pair & { sameSecret: string; numeric: string };
  beforeAll(async () => {
    const sample = await start({ APP: 'before' });
    const pair = await new Client(sample).logIn();
    await sample.stop();
    const sameSecret = jwt.sign({ sub: 'alice' }, { expiresIn: '7d', jwtid: '1' });
    const numeric = jwt.sign({ sub: 1, username: 'john' }, { expiresIn: '15m' });
    old = { ...pair, sameSecret, numeric };
  });

  it.each([
    ['true', 'With the option'],
    ['false', 'Without the option'],
  ])('get what the guide says with ACCEPT_OLD_TOKENS: %s', async (ACCEPT_OLD_TOKENS, column) => {
    const sample = await start({ APP: 'after', ACCEPT_OLD_TOKENS });
    const client = new Client(sample);
    const answers = [
      await client.read(old.accessToken),
      await client.remove(old.accessToken),
      await client.refresh(old.accessToken),
      await client.read(old.numeric),
      await client.refresh(old.refreshToken),
      await client.read(old.sameSecret),
    ];
    await sample.stop();

    const rows = tableOf('Old token').map((row) => plain(row[column]).split(';')[0]);
    expect(rows).toEqual(answers.map(shown));
  });
});

describe('The application with strategies of passport beside the library', () => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await start({ APP: 'both', API_KEY: 'a-key' });
  });
  afterAll(() => sample?.stop());

  it('accepts a token or a key, and refuses a bad token at once', async () => {
    const { accessToken } = await new Client(sample).logIn();
    const read = async (headers: Record<string, string>) => {
      const answer = await fetch(`${sample.url}/documents`, { headers });
      return [answer.status, ((await answer.json()) as { reader?: string }).reader];
    };

    expect(await read({ authorization: `Bearer ${accessToken}` })).toEqual([200, 'alice']);
    expect(await read({ 'x-api-key': 'a-key' })).toEqual([200, 'backup']);
    expect(await read({})).toEqual([401, undefined]);
    expect(await read({ 'x-api-key': 'a-key', authorization: 'Bearer nonsense' })).toEqual([
      401,
      undefined,
    ]);
  });
});

describe('The guide for those who come from passport', () => {
  it('shows the differences between the files as they are', () => {
    const blocks = blocksIn('diff').map(({ text }) => text);
    const actual = blocks.map((text) => {
      const [before = '', after = ''] = text.split('\n').map((line) => line.slice(4));
      const label = [before, after].flatMap((file) => ['--label', file]);
      return differences(['-u', ...label, before, after]);
    });

    expect(blocks.length).toBeGreaterThanOrEqual(3);
    expect(blocks).toEqual(actual);
  });

  it('names the files that are gone', () => {
    const filesIn = (folder: string) =>
      readdirSync(join(root, PAGE, 'src', folder), { recursive: true, encoding: 'utf8' });
    const gone = filesIn('before').filter((file) => !filesIn('after').includes(file));

    const named = tableOf('File that is gone').map((row) => plain(row['File that is gone']));
    expect(named.sort()).toEqual(gone.map((file) => file.replace('auth/', '')).sort());
  });
});

const literal = (value: unknown) => JSON.stringify(value).replaceAll('"', "'");

/**
 * What `diff` prints in the folder of the sources, without the spaces of empty lines, which Prettier removes from the guide.
 * It ends with 1 if there are differences.
 */
function differences(words: readonly string[]): string {
  try {
    return execFileSync('diff', words, { cwd: join(root, PAGE, 'src'), encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout.replaceAll(/^ $/gm, '');
  }
}
