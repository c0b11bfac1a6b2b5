import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Post, Res, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type HttpResponse,
  type JwtContext,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Clock } from '../../support/forge.js';
import { claimsOf } from '../../support/tokens.js';

const REVOKED = { status: 401, body: { msg: 'Token has been revoked', code: 'TOKEN_REVOKED' } };
const REUSED = { status: 401, body: { msg: 'Token has been revoked', code: 'TOKEN_REUSED' } };

@Controller()
class RefreshController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(TokenCookies) private readonly cookies: TokenCookies,
  ) {}

  @UseGuards(RefreshGuard)
  @Post('refresh')
  async refresh(
    @CurrentToken() token: JwtContext,
    @Res({ passthrough: true }) reply: HttpResponse,
  ) {
    const pair = await this.tokens.rotateRefreshToken(token);
    if (token.location !== 'cookies') return pair;
    await this.cookies.setAccessCookies(reply, pair.accessToken);
    await this.cookies.setRefreshCookies(reply, pair.refreshToken);
    return { refreshed: true };
  }

  /** As applications did before there was rotation. */
  @UseGuards(RefreshGuard)
  @Post('classic')
  async classic(@CurrentIdentity() identity: string) {
    return { access_token: await this.tokens.createAccessToken(identity) };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }
}

describe.each(ADAPTERS)('over %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;
  let tokens: TokenService;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [RefreshController],
      options: {
        clock: clock.now,
        locations: ['headers', 'cookies'],
        errorCodeKey: 'code',
        rotation: { grace: '10s' },
      },
    });
    tokens = app.get(TokenService);
  });
  afterAll(() => app.close());

  async function send(path: string, token: string) {
    const method = path === '/me' ? 'GET' : 'POST';
    const { status, body } = await app.send(method, path, { token });
    return { status, body };
  }

  async function refreshed(token: string) {
    const { status, body } = await send('/refresh', token);
    expect(status).toBe(201);
    return body as { accessToken: string; refreshToken: string };
  }

  it('rotates what RefreshGuard let in, and what follows works', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const next = await refreshed(refreshToken);

    expect(await send('/me', next.accessToken)).toEqual({
      status: 200,
      body: { identity: 'alice' },
    });
    expect(await refreshed(next.refreshToken)).toHaveProperty('refreshToken');
  });

  it('lets a racing client in within the grace, for the same successor', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const answers = await Promise.all(Array.from({ length: 8 }, () => refreshed(refreshToken)));

    expect(new Set(answers.map((pair) => claimsOf(pair.refreshToken).jti)).size).toBe(1);
  });

  it.each(['/refresh', '/classic'])(
    'R60: refuses a spent token on %s after the grace, and the whole session with it',
    async (path) => {
      const { refreshToken } = await tokens.createTokenPair('alice');
      const next = await refreshed(refreshToken);
      clock.forward(10);

      expect(await send(path, refreshToken)).toEqual(REUSED);
      expect(await send('/me', next.accessToken)).toEqual(REVOKED);
      expect(await send('/refresh', next.refreshToken)).toEqual(REVOKED);
      expect(await send(path, refreshToken)).toEqual(REUSED);
    },
  );

  it('gives the pair back in cookies where it came in one', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const { status, body, cookies } = await app.send('POST', '/refresh', {
      headers: {
        cookie: `refresh_token_cookie=${refreshToken}`,
        'x-csrf-token': claimsOf(refreshToken).csrf as string,
      },
    });

    expect({ status, body }).toEqual({ status: 201, body: { refreshed: true } });
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([
      'access_token_cookie',
      'csrf_access_token',
      'refresh_token_cookie',
      'csrf_refresh_token',
    ]);
  });
});
