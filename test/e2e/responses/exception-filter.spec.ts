import { Controller, Get, Res, UseFilters, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  InvalidTokenError,
  JwtExceptionFilter,
  TokenCheckUnavailableError,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Calamities, Output, teapot } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

interface RawResponse {
  end(text: string): void;
}

@Controller('filtered')
@UseFilters(JwtExceptionFilter)
class FilteredController {
  @UseGuards(AccessGuard)
  @Get()
  guarded() {
    return { fine: true };
  }
}

@Controller('plain')
class PlainController {
  @UseGuards(AccessGuard)
  @Get()
  guarded() {
    return { fine: true };
  }

  @Get('token-error')
  tokenError() {
    throw new InvalidTokenError('Not for this tenant');
  }

  @Get('unavailable')
  unavailable() {
    throw new TokenCheckUnavailableError(new Error('the directory is away'));
  }

  @Get('silent')
  silent() {
    throw new TokenCheckUnavailableError();
  }

  @Get('teapot')
  teapot() {
    throw teapot();
  }

  @Get('error')
  error() {
    throw new TypeError('secret detail');
  }

  @Get('answered')
  answered(@Res() response: RawResponse & { raw?: RawResponse }) {
    (response.raw ?? response).end('said already');
    throw new InvalidTokenError('too late');
  }
}

describe.each(ADAPTERS)('over %s, JwtExceptionFilter', (adapter) => {
  let output: Output;
  let calamities: Calamities;
  let app: RunningApp;
  beforeAll(async () => {
    calamities = new Calamities();
    output = new Output();
    app = await createApp(adapter, { controllers: [PlainController] });
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    expect(await calamities.settled()).toEqual([]);
    calamities.stop();
  });

  it('renders a TokenError that the application throws itself', async () => {
    const { status, body } = await app.send('GET', '/plain/token-error');
    expect({ status, body }).toEqual({ status: 422, body: { msg: 'Not for this tenant' } });
  });

  it('tells the client that a check failed, and the log why (R67)', async () => {
    const { status, body } = await app.send('GET', '/plain/unavailable');
    expect({ status, body }).toEqual({ status: 503, body: { msg: 'Token could not be checked' } });
    expect(output.text).toContain('A token could not be checked: the directory is away');
  });

  it('logs nothing where there is nothing to tell', async () => {
    const already = output.lines.length;
    const { status, body } = await app.send('GET', '/plain/silent');
    expect({ status, body }).toEqual({ status: 503, body: { msg: 'Token could not be checked' } });
    expect(output.lines.slice(already)).toEqual([]);
  });

  it('leaves what is no TokenError to others', async () => {
    expect(await app.send('GET', '/plain/teapot')).toMatchObject({
      status: 418,
      body: { msg: 'out of coffee' },
    });
    const { status, body } = await app.send('GET', '/plain/error');
    expect({ status, body }).toEqual({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });

  it('says nothing where the answer is already on its way (R73)', async () => {
    const { status, body } = await app.send('GET', '/plain/answered');
    expect({ status, body }).toEqual({ status: 200, body: 'said already' });
    expect(await calamities.settled()).toEqual([]);
  });

  it('stands where it is put, if the module does not register it', async () => {
    const chosen = await createApp(adapter, {
      controllers: [FilteredController, PlainController],
      extras: { registerFilter: false },
    });
    const msg = 'Missing Authorization Header';
    expect(await chosen.send('GET', '/filtered')).toMatchObject({ status: 401, body: { msg } });
    expect(await chosen.send('GET', '/plain')).toMatchObject({
      status: 401,
      body: { message: msg, error: 'TOKEN_MISSING', statusCode: 401 },
    });
    expect(
      await chosen.send('GET', '/filtered', { token: forgeToken(accessClaims()) }),
    ).toMatchObject({ status: 200, body: { fine: true } });
    await chosen.close();
  });
});
