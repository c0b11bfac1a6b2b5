import { Test } from '@nestjs/testing';
import type { INestApplication } from '@nestjs/common';
import { MemoryBlocklistStore, TokenService } from 'nestjs-jwt-extended';
import {
  asIdentity,
  blocklistStoreContract,
  expectRefusal,
  JwtExtendedTestingModule,
  TestClock,
} from 'nestjs-jwt-extended/testing';
import { AppModule } from './app.module.js';

describe.each(['HS256', 'EdDSA'])('An application that signs with %s', (algorithm) => {
  let app: INestApplication;
  let url: string;
  const clock = new TestClock();

  beforeAll(async () => {
    process.env.JWT_ALGORITHM = algorithm;
    const testing = await Test.createTestingModule({
      imports: [AppModule, JwtExtendedTestingModule.register({ clock: clock.now })],
    }).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  it('lets a token in that the service made', async () => {
    const accessToken = await app.get(TokenService).createAccessToken({ id: 'ada', roles: ['x'] });

    const response = await fetch(`${url}/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ identity: 'ada', roles: ['x'] });
  });

  it('keeps everybody else out', async () => {
    const response = await fetch(`${url}/me`);

    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ msg: 'Missing Authorization Header' });
  });

  it('is somebody until time has passed', async () => {
    const { headers } = await asIdentity(app, 'ada', { roles: ['x'] });
    expect((await fetch(`${url}/me`, { headers })).status).toBe(200);

    clock.advance('15m');

    await expectRefusal(await fetch(`${url}/me`, { headers }), 'TOKEN_EXPIRED');
  });
});

describe('A store', () => {
  const open = () => ({ store: new MemoryBlocklistStore() });
  for (const { name, run } of blocklistStoreContract(open, { outages: false })) it(name, run);
});
