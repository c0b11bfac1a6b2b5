import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentToken, FreshGuard, type JwtContext } from '../../src/index.js';
import { type AdapterName, type AppParts, createApp, type RunningApp } from './app.js';
import { welcomeOf } from './transport.js';

export const ALICE = { username: 'alice', password: 'wonderland' };

/** Routes that tests call with tokens. */
@Controller()
export class RoomsController {
  @UseGuards(AccessGuard)
  @Get('room')
  room(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @UseGuards(AccessGuard)
  @Post('room')
  change(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @UseGuards(FreshGuard)
  @Get('vault')
  vault(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @Get('garden')
  garden() {
    return 'in';
  }
}

/** The users alice and bob. Records every call. */
export class Users {
  readonly asked: unknown[][] = [];

  readonly authenticate = (username: string, password: string): string | undefined => {
    this.asked.push([username, password]);
    const isKnown = ['alice', 'bob'].includes(username) && password === 'wonderland';
    return isKnown ? username : undefined;
  };
}

/** An application that by default has all token endpoints. */
export function startEndpoints(
  adapter: AdapterName,
  { options, extras, controllers = [], ...parts }: AppParts = {},
): Promise<RunningApp> {
  const { authenticate } = new Users();
  return createApp(adapter, {
    ...parts,
    controllers: [RoomsController, ...controllers],
    options: { errorCodeKey: 'code', login: { authenticate }, ...options },
    extras: { endpoints: { login: true, refresh: true, logout: true }, ...extras },
  });
}

/** The tokens in a response body. */
export function pairIn(body: unknown): { readonly access: string; readonly refresh: string } {
  const { access_token: access = '', refresh_token: refresh = '' } = body as Record<string, string>;
  return { access, refresh };
}
