import { Controller, Get, Injectable, Module, type Type, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Fresh,
  FreshGuard,
  JwtExtendedConfigError,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
} from '../../../src/index.js';
import { ADAPTERS, type AppParts, createApp } from '../../support/app.js';
import { mistakeAtStart } from '../../support/routes.js';

const guarded = UseGuards(AccessGuard);

/** A controller `Account` with a route `close`. */
function account({
  on = [],
  handler = [],
}: {
  on?: ClassDecorator[];
  handler?: MethodDecorator[];
}): Type {
  class Account {
    close() {
      return 'closed';
    }
  }
  const close = Object.getOwnPropertyDescriptor(Account.prototype, 'close');
  for (const decorate of [...handler, Get()]) decorate(Account.prototype, 'close', close ?? {});
  for (const decorate of [...on, Controller()]) decorate(Account);
  return Account;
}

const IDLE =
  'has no effect, because no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true';
const IDLE_CLASS = IDLE.replace('effect,', 'effect on Account.close,');
const PUBLIC = 'has no effect, because Account.close is @Public(): remove one of the two';
const BOTH =
  'has RefreshGuard and a guard for access tokens, and no token is both: keep one of them';
const NEVER_FRESH = 'requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard';

const MISTAKES: readonly [string, Type, string][] = [
  [
    '@Fresh on an unprotected handler',
    account({ handler: [Fresh()] }),
    `@Fresh on Account.close ${IDLE}`,
  ],
  [
    '@Fresh with an age there',
    account({ handler: [Fresh({ maxAge: 60 })] }),
    `@Fresh on Account.close ${IDLE}`,
  ],
  ['@Fresh on an unprotected class', account({ on: [Fresh()] }), `@Fresh on Account ${IDLE_CLASS}`],
  [
    '@JwtOptional on an unprotected handler',
    account({ handler: [JwtOptional()] }),
    `@JwtOptional on Account.close ${IDLE}`,
  ],
  [
    '@JwtOptional on an unprotected class',
    account({ on: [JwtOptional()] }),
    `@JwtOptional on Account ${IDLE_CLASS}`,
  ],
  [
    '@Fresh beside @Public',
    account({ handler: [Public(), Fresh()] }),
    `@Fresh on Account.close ${PUBLIC}`,
  ],
  [
    'RefreshGuard beside AccessGuard',
    account({ handler: [UseGuards(AccessGuard, RefreshGuard)] }),
    `Account.close ${BOTH}`,
  ],
  [
    'RefreshGuard beside FreshGuard',
    account({ on: [UseGuards(FreshGuard, RefreshGuard)] }),
    `Account ${BOTH}`,
  ],
  [
    'RefreshGuard beside @JwtRequired',
    account({ handler: [JwtRequired(), UseGuards(RefreshGuard)] }),
    `Account.close ${BOTH}`,
  ],
  [
    'RefreshGuard beside @Fresh',
    account({ handler: [UseGuards(RefreshGuard), Fresh()] }),
    `Account.close ${NEVER_FRESH}`,
  ],
  [
    '@Fresh inside of RefreshGuard',
    account({ on: [UseGuards(RefreshGuard)], handler: [Fresh()] }),
    `Account ${NEVER_FRESH}`,
  ],
  [
    '@JwtRequired({ refresh }) beside @Fresh',
    account({ handler: [JwtRequired({ refresh: true }), Fresh()] }),
    `Account.close ${NEVER_FRESH}`,
  ],
  [
    'FreshGuard beside @Fresh(false)',
    account({ handler: [UseGuards(FreshGuard), Fresh(false)] }),
    'Account.close has FreshGuard and @Fresh(false): keep one of them',
  ],
  [
    'FreshGuard beside @JwtRequired({ fresh: false })',
    account({ handler: [UseGuards(FreshGuard), JwtRequired({ fresh: false })] }),
    'Account.close has FreshGuard and @Fresh(false): keep one of them',
  ],
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  it.each(MISTAKES)('%s is found at start', async (_title, controller, message) => {
    const mistake = await mistakeAtStart(adapter, { controllers: [controller] });
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(mistake).toHaveProperty('message', message);
  });

  it.each<[string, AppParts]>([
    ['a global guard', { extras: { globalGuard: true } }],
    ['useGlobalGuards', { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) }],
  ])('@Fresh on a route that %s protects is no mistake', async (_title, parts) => {
    const controllers = [account({ handler: [Fresh()] })];
    const app = await createApp(adapter, { ...parts, controllers });
    expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
    await app.close();
  });
});

describe('routes', () => {
  it('of every module of the application are looked at', async () => {
    @Module({ controllers: [account({ handler: [JwtOptional()] })] })
    class FeatureModule {}

    const mistake = await mistakeAtStart('express', { imports: [FeatureModule] });
    expect(mistake).toHaveProperty('message', `@JwtOptional on Account.close ${IDLE}`);
  });

  it('that are inherited are looked at, under the name of the class that has them', async () => {
    abstract class Base {
      @Fresh()
      @Get()
      close() {
        return 'closed';
      }
    }
    @Controller()
    class Account extends Base {}

    const mistake = await mistakeAtStart('express', { controllers: [Account] });
    expect(mistake).toHaveProperty('message', `@Fresh on Account.close ${IDLE}`);
  });

  it('are the only methods that are looked at', async () => {
    @Injectable()
    @Controller()
    class Account {
      @Fresh()
      helper() {
        return this.close();
      }
      @guarded
      @Get()
      close() {
        return 'closed';
      }
    }
    const app = await createApp('express', { controllers: [Account] });
    expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
    await app.close();
  });
});
