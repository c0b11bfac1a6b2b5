import { Injectable, Module, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  JwtExtendedModule,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

/** What an application keeps of its own. */
@Injectable()
class LoginLog {
  readonly closed = new Set<string>();
  readonly lines: string[] = [];
}

@Module({ providers: [LoginLog], exports: [LoginLog] })
class LoginLogModule {}

@Injectable()
class LoggingBlocklist extends BlocklistService {
  constructor(private readonly log: LoginLog) {
    super();
  }

  override async revoke(token: string | Token): Promise<void> {
    await super.revoke(token);
    this.log.lines.push('revoked');
  }

  override async isRevoked(token: string | Token): Promise<boolean> {
    const isClosed = typeof token !== 'string' && this.log.closed.has(token.identity);
    return isClosed || (await super.isRevoked(token));
  }
}

const revoked = { status: 401, body: { msg: 'Token has been revoked' } };

describe.each(ADAPTERS)('blocklistService on %s', (adapter) => {
  it('is built by the container, with dependencies of its own, and is asked', async () => {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const testing = await Test.createTestingModule({
      imports: [
        LoginLogModule,
        JwtExtendedModule.forRootAsync({
          imports: [LoginLogModule],
          useFactory: () => ({ secret: SECRET }),
          blocklistService: LoggingBlocklist,
        }),
      ],
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
    }).compile();
    const app = await RunningApp.start(
      adapter === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter())
        : testing.createNestApplication(),
    );
    const log = app.get(LoginLog);
    const blocklist = app.get(BlocklistService);
    const tokens = app.get(TokenService);
    const alice = await tokens.createAccessToken('alice');
    const bob = await tokens.createAccessToken('bob');

    expect(blocklist).toBeInstanceOf(LoggingBlocklist);
    expect(await app.send('GET', '/', { token: alice })).toMatchObject({ status: 200 });

    await blocklist.revoke(alice);
    expect(log.lines).toEqual(['revoked']);
    expect(await app.send('GET', '/', { token: alice })).toMatchObject(revoked);
    expect(await app.send('GET', '/', { token: bob })).toMatchObject({ status: 200 });

    log.closed.add('bob');
    expect(await app.send('GET', '/', { token: bob })).toMatchObject(revoked);
    expect(await tokens.verifyToken(bob)).toBe(false);
    await app.close();
  });

  it('may be a class that needs nothing of its own', async () => {
    @Injectable()
    class StrictBlocklist extends BlocklistService {
      override isRevoked(): Promise<boolean> {
        return Promise.resolve(true);
      }
    }
    const app = await createApp(adapter, {
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
      extras: { blocklistService: StrictBlocklist },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject(revoked);
    await app.close();
  });

  it('that fails refuses everybody, as a store that fails does', async () => {
    @Injectable()
    class BrokenBlocklist extends BlocklistService {
      override isRevoked(): Promise<boolean> {
        return Promise.reject(new Error('out of order'));
      }
    }
    const app = await createApp(adapter, {
      controllers: [routeAt('/', { handler: [UseGuards(AccessGuard)] })],
      extras: { blocklistService: BrokenBlocklist },
      configure: (nest) => nest.useLogger(false),
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 503,
      body: { msg: 'Token could not be checked' },
    });
    await app.close();
  });
});
