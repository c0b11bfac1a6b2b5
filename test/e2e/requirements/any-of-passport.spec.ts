import { Controller, Get, Injectable, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Strategy } from 'passport';
import { anyOf, CurrentIdentity, type HttpRequest } from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

/** A passport strategy of the application, which accepts an API key. */
class ApiKey extends Strategy {
  override readonly name = 'api-key';

  override authenticate({ headers }: HttpRequest): void {
    if (headers['x-api-key'] === 'good') this.success({ name: 'key' });
    else this.fail('Unknown API key', 401);
  }
}

@Injectable()
class ApiKeyStrategy extends PassportStrategy(ApiKey, 'api-key') {
  validate(): void {}
}

@Controller()
class EitherController {
  @UseGuards(AuthGuard(['jwt-access', 'api-key']))
  @Get('strategies')
  strategies(@Req() { user }: { user: { name?: string; identity?: string } }) {
    return { name: user.name ?? user.identity };
  }

  @UseGuards(anyOf(AuthGuard('jwt-access'), KeyGuard))
  @Get('guards')
  guards(@Req() { user }: { user: { name?: string; identity?: string } }) {
    return { name: user.name ?? user.identity };
  }

  @UseGuards(anyOf(AuthGuard('jwt-access'), AuthGuard('jwt-refresh')))
  @Get('types')
  types(@CurrentIdentity() name: string) {
    return { name };
  }
}

const access = forgeToken(accessClaims());
const refresh = forgeToken(accessClaims({ type: 'refresh' }));
const expired = forgeToken(accessClaims({ exp: 1 }));

const EXPIRED = { status: 401, body: { msg: 'Token has expired' } };
const UNAUTHORIZED = { status: 401, body: { statusCode: 401, message: 'Unauthorized' } };
const REFRESH = { status: 422, body: { msg: 'Only non-refresh tokens are allowed' } };

function lets(name: string): object {
  return { status: 200, body: { name } };
}

describe.each(ADAPTERS)('AuthGuard and anyOf on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EitherController],
      providers: [ApiKeyStrategy],
      imports: [JwtPassportModule.register()],
    });
  });
  afterAll(() => app.close());

  it.each<[string, string, string | undefined, string | undefined, object]>([
    ['AuthGuard of two strategies for a token', '/strategies', access, undefined, lets('alice')],
    ['AuthGuard of two strategies for a key', '/strategies', undefined, 'good', lets('key')],
    [
      'AuthGuard of two strategies for an unknown key',
      '/strategies',
      undefined,
      'bad',
      UNAUTHORIZED,
    ],
    [
      'AuthGuard of two strategies for a bad token and a key',
      '/strategies',
      expired,
      'good',
      EXPIRED,
    ],
    ['anyOf of two guards for a token', '/guards', access, undefined, lets('alice')],
    ['anyOf of two guards for a key', '/guards', undefined, 'good', lets('key')],
    ['anyOf of two guards for an unknown key', '/guards', undefined, 'bad', UNAUTHORIZED],
    ['anyOf of two guards for a bad token and a key', '/guards', expired, 'good', lets('key')],
    ['anyOf of two guards for only a bad token', '/guards', refresh, undefined, REFRESH],
    ['anyOf of two types for an access token', '/types', access, undefined, lets('alice')],
    ['anyOf of two types for a refresh token', '/types', refresh, undefined, lets('alice')],
    ['anyOf of two types for a bad token', '/types', expired, undefined, EXPIRED],
  ])('gives the expected answer: %s', async (_title, path, token, key, expected) => {
    const headers = key === undefined ? undefined : { 'x-api-key': key };
    const { status, body } = await app.send('GET', path, { token, headers });
    expect({ status, body }).toEqual(expected);
  });
});
