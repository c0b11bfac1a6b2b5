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

describe('The application', () => {
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

  const http = () => request(app.getHttpServer());

  it('knows the user of a token', async () => {
    const { headers } = await asIdentity(app, 'alice');

    await http().get('/me').set(headers).expect(200, { name: 'Alice Liddell' });
  });

  it('lets only admins remove articles', async () => {
    const alice = await asIdentity(app, 'alice', { roles: ['admin'] });
    const bob = await asIdentity(app, 'bob', { roles: [] });

    await http().delete('/articles/1').set(alice.headers).expect(200);
    await expectRefusal(await http().delete('/articles/1').set(bob.headers), 'CLAIMS_INSUFFICIENT');
  });

  it('refuses an expired token', async () => {
    const { headers } = await asIdentity(app, 'alice');
    clock.advance('15m');

    await expectRefusal(await http().get('/me').set(headers), 'TOKEN_EXPIRED');
  });

  it('changes a password only after a login', async () => {
    const fresh = await asIdentity(app, 'alice', { fresh: true });
    const stale = await asIdentity(app, 'alice', { fresh: false });

    await http().post('/password').set(fresh.headers).expect(201);
    await expectRefusal(await http().post('/password').set(stale.headers), 'TOKEN_NOT_FRESH');
  });

  it('refuses a refresh token', async () => {
    const token = await issueTestToken(app, { sub: 'alice', type: 'refresh' });

    const answer = await http().get('/me').auth(token, { type: 'bearer' });
    await expectRefusal(answer, 'TOKEN_WRONG_TYPE');
  });

  it('refuses the token of a user who is gone', async () => {
    const { headers } = await asIdentity(app, 'carol');

    await expectRefusal(await http().get('/me').set(headers), 'USER_NOT_FOUND');
  });

  it('ends the session at the logout', async () => {
    const { headers } = await asIdentity(app, 'alice');
    await http().post('/logout').set(headers).expect(201);

    await expectRefusal(await http().get('/me').set(headers), 'TOKEN_REVOKED');
  });
});
