import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  asIdentity,
  expectRefusal,
  issueTestToken,
  JwtExtendedTestingModule,
  TestClock,
} from 'nestjs-jwt-extended/testing';
import request from 'supertest';
import { AppModule } from '../src/app.module.js';

describe('GET /protected', () => {
  const clock = new TestClock();
  let app: INestApplication;

  beforeAll(async () => {
    const testing = await Test.createTestingModule({
      imports: [AppModule, JwtExtendedTestingModule.register({ clock: clock.now })],
    }).compile();
    app = await testing.createNestApplication().init();
  });
  beforeEach(() => clock.set(new Date()));
  afterAll(() => app.close());

  const get = (headers: Record<string, string>) =>
    request(app.getHttpServer()).get('/protected').set(headers);

  it('returns the identity of the token', async () => {
    const { headers } = await asIdentity(app, 'alice');

    await get(headers).expect(200, { logged_in_as: 'alice' });
  });

  it('refuses an expired token', async () => {
    const { headers } = await asIdentity(app, 'alice');
    clock.advance('15m');

    await expectRefusal(await get(headers), 'TOKEN_EXPIRED');
  });

  it('refuses a refresh token', async () => {
    const token = await issueTestToken(app, { sub: 'alice', type: 'refresh' });

    await expectRefusal(await get({ authorization: `Bearer ${token}` }), 'TOKEN_WRONG_TYPE');
  });
});
