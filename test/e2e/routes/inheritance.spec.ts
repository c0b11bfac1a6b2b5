import { Controller, Get, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Fresh,
  FreshGuard,
  JwtOptional,
  Public,
  RefreshGuard,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { askedBy, type Presented, tokensOf } from '../../support/routes.js';

abstract class Base {
  @Get('bare')
  bare() {
    return 'in';
  }

  @UseGuards(RefreshGuard)
  @Get('refresh')
  refresh() {
    return 'in';
  }

  @UseGuards(AccessGuard)
  @Fresh()
  @Get('fresh')
  fresh() {
    return 'in';
  }

  @UseGuards(AccessGuard)
  @Get('overridden')
  overridden() {
    return 'in';
  }
}

@Controller('open')
class Open extends Base {}

@UseGuards(AccessGuard)
@Controller('guarded')
class Guarded extends Base {}

@UseGuards(FreshGuard)
@Controller('more')
class More extends Guarded {}

@Public()
@Controller('released')
class Released extends Guarded {
  @JwtOptional()
  @Get('overridden')
  override overridden() {
    return 'in';
  }
}

@Fresh(false)
@Controller('relaxed')
class Relaxed extends More {
  @UseGuards(RefreshGuard)
  @Get('overridden')
  override overridden() {
    return 'in';
  }
}

describe.each(ADAPTERS)('inherited handlers on %s', (adapter) => {
  let app: RunningApp;
  let tokens: Presented;
  beforeAll(async () => {
    app = await createApp(adapter, { controllers: [Open, Guarded, More, Released] });
    tokens = await tokensOf(app);
  });
  afterAll(() => app.close());

  it.each([
    ['/open/bare', 'lets everybody in'],
    ['/open/refresh', 'refresh token'],
    ['/open/fresh', 'fresh token'],
    ['/open/overridden', 'access token'],
    ['/guarded/bare', 'access token'],
    ['/guarded/refresh', 'refresh token'],
    ['/guarded/fresh', 'fresh token'],
    ['/guarded/overridden', 'access token'],
    ['/more/bare', 'fresh token'],
    ['/more/refresh', 'refresh token'],
    ['/more/overridden', 'fresh token'],
    ['/released/overridden', 'optional access token'],
  ])('are judged by the class they are called on: %s asks: %s (R54)', async (path, asked) => {
    expect(await askedBy(app, path, tokens)).toBe(asked);
  });
});

describe('a decorator of a subclass', () => {
  it('that contradicts the guards it inherits is found at start', async () => {
    await expect(createApp('express', { controllers: [Relaxed] })).rejects.toThrow(
      'Relaxed has FreshGuard and @Fresh(false): keep one of them',
    );
  });
});
