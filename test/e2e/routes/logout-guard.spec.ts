import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  anyOf,
  CurrentToken,
  FreshGuard,
  type JwtContext,
  LogoutGuard,
  RefreshGuard,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { Clock } from '../../support/forge.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';

let app: RunningApp | undefined;

afterEach(() => app?.close());

@Controller()
class LeaveController {
  @UseGuards(LogoutGuard)
  @Post('leave')
  leave(@CurrentToken() { type, location }: JwtContext) {
    return { type, location };
  }

  @Get('room')
  room() {
    return 'in';
  }
}

async function start(adapter: (typeof ADAPTERS)[number], parts: AppParts = {}) {
  const clock = new Clock();
  app = await createApp(adapter, {
    controllers: [LeaveController],
    ...parts,
    options: {
      clock: clock.now,
      locations: ['cookies', 'headers'],
      errorCodeKey: 'code',
      ...parts.options,
    },
  });
  const pair = await app.get(TokenService).createTokenPair('alice');
  const csrfOf = (token: string) => String(claimsOf(token).csrf);
  /** A logout with cookies, and the CSRF value of one of the tokens. */
  const leave = (cookies: Record<string, string>, csrf?: string) =>
    app!.send('POST', '/leave', {
      headers: {
        cookie: Object.entries(cookies)
          .map(([name, value]) => `${name}=${value}`)
          .join('; '),
        ...(csrf !== undefined && { 'x-csrf-token': csrf }),
      },
    });
  const { accessToken, refreshToken } = pair;
  const both = { access_token_cookie: accessToken, refresh_token_cookie: refreshToken };
  return {
    app,
    clock,
    ...pair,
    both,
    leave,
    csrf: { access: csrfOf(accessToken), refresh: csrfOf(refreshToken) },
  };
}

describe.each(ADAPTERS)('LogoutGuard on %s', (adapter) => {
  it.each(['access', 'refresh'] as const)('lets a token of type %s in by header', async (type) => {
    const { app: own, accessToken, refreshToken } = await start(adapter);
    const token = type === 'access' ? accessToken : refreshToken;
    expect(await own.send('POST', '/leave', { token })).toMatchObject({
      status: 201,
      body: { type, location: 'headers' },
    });
  });

  it('lets the refresh cookie in if the access cookie is missing, expired or broken, each with the CSRF value of its own', async () => {
    const { both, leave, csrf, clock, refreshToken } = await start(adapter);
    const refreshed = { status: 201, body: { type: 'refresh', location: 'cookies' } };
    const alone = { refresh_token_cookie: refreshToken };
    expect(await leave(alone, csrf.refresh)).toMatchObject(refreshed);
    expect(await leave({ ...both, access_token_cookie: 'a.b.c' }, csrf.refresh)).toMatchObject(
      refreshed,
    );
    expect(await leave(both, csrf.access)).toMatchObject({ status: 201, body: { type: 'access' } });
    clock.forward(901);
    // An expired access token still says whose session it is.
    expect(await leave(both, csrf.access)).toMatchObject({ status: 201, body: { type: 'access' } });
  });

  it('refuses the CSRF value of the other token, and a missing one', async () => {
    const { both, leave, csrf, refreshToken } = await start(adapter);
    const alone = { refresh_token_cookie: refreshToken };
    for (const [cookies, value] of [
      [both, csrf.refresh],
      [both, 'guess'],
      [both, undefined],
      [alone, csrf.access],
      [alone, undefined],
      [{ ...both, access_token_cookie: 'a.b.c' }, csrf.access],
    ] as const)
      expect((await leave(cookies, value)).status).not.toBe(201);
  });

  it('works under a global guard, which would refuse what it lets in', async () => {
    const { app: own, refreshToken } = await start(adapter, { extras: { globalGuard: true } });
    expect(await own.send('POST', '/leave', { token: refreshToken })).toMatchObject({
      status: 201,
    });
    expect(await own.send('GET', '/room', { token: refreshToken })).toMatchObject({ status: 422 });
  });

  it('reports a missing token as a guard for access tokens does', async () => {
    const { app: own } = await start(adapter, { options: { locations: ['headers'] } });
    expect(await own.send('POST', '/leave')).toMatchObject({
      status: 401,
      body: { msg: 'Missing Authorization Header', code: 'TOKEN_MISSING' },
    });
  });
});

describe('LogoutGuard', () => {
  it.each([
    ['AccessGuard', AccessGuard],
    ['FreshGuard', FreshGuard],
    ['RefreshGuard', RefreshGuard],
  ])('beside %s on one level is a mistake at start', async (_name, guard) => {
    @Controller()
    class TornController {
      @UseGuards(LogoutGuard, guard)
      @Post('leave')
      leave() {
        return 'left';
      }
    }
    const failure = await rejectionOf(createApp('express', { controllers: [TornController] }));
    expect(failure).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringMatching(
        /^TornController\.leave has LogoutGuard and another token guard/,
      ) as unknown,
    });
  });

  it('can be a member of anyOf', async () => {
    @Controller()
    class EitherController {
      @UseGuards(anyOf(RefreshGuard, LogoutGuard))
      @Post('leave')
      leave(@CurrentToken() { type }: JwtContext) {
        return { type };
      }
    }
    app = await createApp('express', { controllers: [EitherController] });
    const { accessToken, refreshToken } = await app.get(TokenService).createTokenPair('alice');
    for (const token of [accessToken, refreshToken])
      expect(await app.send('POST', '/leave', { token })).toMatchObject({ status: 201 });
  });
});
