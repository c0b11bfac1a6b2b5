import { AssertionError } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, Post, UseGuards } from '@nestjs/common';
import request from 'supertest';
import {
  AccessGuard,
  type JwtExtendedOptions,
  JwtRequired,
  type TokenErrorCode,
} from '../../../src/index.js';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  type TestResponse,
} from '../../../src/testing/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { forgeToken } from '../../support/forge.js';
import { rejectionOf } from '../../support/tokens.js';

/** What an application answers by itself, and no guard. */
@Controller('own')
class OwnController {
  @Get('success')
  success() {
    return { code: 'TOKEN_EXPIRED', message: 'Token has expired' };
  }

  @Get('bad-dto')
  badDto() {
    throw new HttpException('bad dto', 422);
  }

  @Get('bad-field')
  badField() {
    throw new HttpException({ message: ['sub must be a string'], error: 'Unprocessable' }, 422);
  }

  @Get('no-key')
  noKey() {
    throw new HttpException('Missing API key', 401);
  }

  @Get('no-signature')
  noSignature() {
    throw new HttpException('Signature verification failed', 401);
  }
}

@Controller()
class NotesController {
  @UseGuards(AccessGuard)
  @Get('me')
  me() {
    return {};
  }

  @UseGuards(AccessGuard)
  @Post('notes')
  write() {
    return {};
  }

  @UseGuards(AccessGuard)
  @JwtRequired({ locations: ['json'] })
  @Get('body')
  body() {
    return {};
  }

  @UseGuards(AccessGuard)
  @JwtRequired({ locations: ['headers', 'cookies', 'query_string'] })
  @Get('anywhere')
  anywhere() {
    return {};
  }
}

const CODES: readonly TokenErrorCode[] = [
  'TOKEN_INVALID',
  'TOKEN_MISSING',
  'TOKEN_EXPIRED',
  'CSRF_FAILED',
];

async function expectNoRefusal(response: TestResponse, codes = CODES): Promise<void> {
  for (const code of codes)
    expect(await rejectionOf(expectRefusal(response, code))).toBeInstanceOf(AssertionError);
}

describe.each(ADAPTERS)('A refusal without a code over %s', (adapter) => {
  describe.each(['flask', 'rfc6750'] as const)('under the statuses of %s', (statusProfile) => {
    let app: RunningApp;

    beforeAll(async () => {
      const options: JwtExtendedOptions = { statusProfile, locations: ['cookies', 'headers'] };
      const controllers = [NotesController, OwnController];
      app = await createApp(adapter, { controllers, options });
    });
    afterAll(() => app.close());

    it.each(['success', 'bad-dto', 'bad-field', 'no-key', 'no-signature'])(
      'is not what the application itself answers: %s',
      async (path) => {
        await expectNoRefusal(await fetch(`${app.url}/own/${path}`));
        await expectNoRefusal(await request(app.url).get(`/own/${path}`));
      },
    );

    it.each([
      ['no token', 'Bearer a.b'],
      ['a header that says more', 'Bearer a b'],
      ['a signature of nobody', `Bearer ${forgeToken({}, undefined, 'x'.repeat(64))}`],
    ])('is known: %s', async (_, authorization) => {
      const response = await fetch(`${app.url}/me`, { headers: { authorization } });

      await expectRefusal(response, 'TOKEN_INVALID');
      await expectNoRefusal(response, ['TOKEN_MISSING', 'TOKEN_WRONG_TYPE', 'CSRF_FAILED']);
    });

    it.each(['/me', '/body', '/anywhere'])('is known: nothing at all on %s', async (path) => {
      const response = await fetch(app.url + path);

      await expectRefusal(response, 'TOKEN_MISSING');
      await expectNoRefusal(response, ['TOKEN_INVALID', 'CSRF_FAILED']);
    });

    it.each<[string, (given: Record<string, string>) => Record<string, string>]>([
      ['no csrf value', ({ cookie = '' }) => ({ cookie })],
      ['another one', ({ cookie = '' }) => ({ cookie, 'x-csrf-token': 'x' })],
    ])('is known: %s', async (_, change) => {
      const { headers } = await asIdentity(app.nest, 'alice');
      const init = { method: 'POST', headers: change(headers) };
      const response = await fetch(`${app.url}/notes`, init);

      await expectRefusal(response, 'CSRF_FAILED');
      await expectNoRefusal(response, ['TOKEN_INVALID', 'TOKEN_MISSING']);
    });
  });
});

describe.each(ADAPTERS)('A refusal in the application’s own words over %s', (adapter) => {
  it('is known by its code, under the status that the application gave it', async () => {
    const options: JwtExtendedOptions = {
      responses: { expiredToken: () => ({ status: 419, body: { reason: 'TOKEN_EXPIRED' } }) },
    };
    const app = await createApp(adapter, { controllers: [NotesController], options });
    const token = await issueTestToken(app.nest, { exp: 1 });
    const headers = { authorization: `Bearer ${token}` };

    await expectRefusal(await fetch(`${app.url}/me`, { headers }), 'TOKEN_EXPIRED');
    await app.close();
  });

  it('is known where no filter renders it', async () => {
    const extras = { registerFilter: false };
    const app = await createApp(adapter, { controllers: [NotesController], extras });

    await expectRefusal(await fetch(`${app.url}/me`), 'TOKEN_MISSING');
    await app.close();
  });
});

describe('A response', () => {
  const URL_OF_REFUSAL = 'data:application/json,{"msg":"Missing Authorization Header"}';

  it('cannot be judged once its body was read, and that is told', async () => {
    const read = await fetch(URL_OF_REFUSAL);
    await read.text();

    expect(await rejectionOf(expectRefusal(read, 'TOKEN_MISSING'))).toMatchObject({
      name: 'AssertionError',
      message: expect.stringContaining('its body was read before') as unknown,
    });
  });

  it('is left to be read', async () => {
    const response = await fetch(URL_OF_REFUSAL);
    await rejectionOf(expectRefusal(response, 'TOKEN_MISSING'));

    expect(await response.json()).toEqual({ msg: 'Missing Authorization Header' });
  });

  it.each<[string, () => unknown]>([
    ['fetch', () => fetch(URL_OF_REFUSAL)],
    ['supertest', () => request('http://127.0.0.1:1').get('/')],
  ])('has to be awaited: %s', async (_, send) => {
    expect(await rejectionOf(expectRefusal(send() as never, 'TOKEN_MISSING'))).toMatchObject({
      name: 'AssertionError',
      message: expect.stringContaining('was the request awaited?') as unknown,
    });
  });
});

/** Whatever the sources give as a reason, with `x` for what is put into it. */
function reasonsGivenAs(error: RegExp): string[] {
  const folder = join(import.meta.dirname, '../../../src');
  const quoted = new RegExp(`(?:${error.source})\\s*(['"\`])(?<reason>.*?)\\1`, 'g');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(quoted)])
    .map(({ groups }) => (groups?.reason ?? '').replace(/\$\{.*?\}/g, 'x'));
}

describe.each<[TokenErrorCode, number, RegExp]>([
  ['TOKEN_INVALID', 422, /new InvalidTokenError\(/],
  ['TOKEN_MISSING', 401, /new MissingTokenError\(|missing:/],
  ['CSRF_FAILED', 401, /new CsrfError\(/],
])('The reasons of %s', (code, status, error) => {
  it.each(reasonsGivenAs(error))('are known: %s', async (msg) => {
    await expectRefusal({ status, headers: {}, text: JSON.stringify({ msg }) }, code);
  });
});
