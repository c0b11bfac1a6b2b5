import { describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type JwtExtendedOptions,
  oneOf,
  type Token,
  type TokenDemands,
} from '../../../src/index.js';
import { closedAfterEach, startAt } from '../../support/running.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';

const running = closedAfterEach();

const start = (options?: JwtExtendedOptions) => startAt(running, options);

const userLookup = ({ identity }: Token) => (identity === 'gone' ? null : { name: identity });

describe('authenticate', () => {
  it('gives what a guard gives: the verified token and its user', async () => {
    const { tokens } = await start({ loaders: { userLookup } });
    const token = await tokens.createAccessToken('alice');

    const context = await tokens.authenticate(token);

    expect(context).toMatchObject({
      identity: 'alice',
      type: 'access',
      location: 'custom',
      jti: claimsOf(token).jti,
    });
    expect(context.user).toEqual({ name: 'alice' });
  });

  it('hands the request on to the loaders', async () => {
    const seen: unknown[] = [];
    const look = (_token: Token, { request }: { request?: unknown }) => {
      seen.push(request);
      return {};
    };
    const { tokens } = await start({ loaders: { userLookup: look } });
    const request = { ip: '192.0.2.1' };

    await tokens.authenticate(await tokens.createAccessToken('alice'), { request });

    expect(seen).toEqual([request]);
  });

  type Tools = Awaited<ReturnType<typeof start>>;
  type Row = [
    what: string,
    make: (tools: Tools) => Promise<string>,
    demands: TokenDemands,
    code: string | undefined,
  ];
  const access =
    (claims: object = {}, fresh = false) =>
    ({ tokens }: Tools) =>
      tokens.createAccessToken('alice', { additionalClaims: claims, fresh });
  const refresh = ({ tokens }: Tools) => tokens.createRefreshToken('alice');

  it.each<Row>([
    ['an access token', access(), {}, undefined],
    ['a refresh token', refresh, {}, 'TOKEN_WRONG_TYPE'],
    ['a refresh token that is demanded', refresh, { type: 'refresh' }, undefined],
    ['an access token instead of one', access(), { type: 'refresh' }, 'TOKEN_WRONG_TYPE'],
    ['a token that is not fresh', access(), { fresh: true }, 'TOKEN_NOT_FRESH'],
    ['a fresh token', access({}, true), { fresh: true }, undefined],
    [
      'a login of an hour ago',
      async (tools) => {
        const token = await access({}, true)(tools);
        tools.clock.forward(60);
        return token;
      },
      { fresh: { maxAge: 59 } },
      'TOKEN_NOT_FRESH',
    ],
    [
      'a token with the claims',
      access({ role: 'admin' }),
      { claims: { role: 'admin' } },
      undefined,
    ],
    [
      'a token without the claims',
      access({ role: 'member' }),
      { claims: { role: 'admin' } },
      'CLAIMS_INSUFFICIENT',
    ],
    [
      'a token with one of the values of a claim',
      access({ roles: ['editor'] }),
      { claims: { roles: oneOf('admin', 'editor') } },
      undefined,
    ],
    [
      'a token with none of the values of a claim',
      access({ roles: ['member'] }),
      { claims: { roles: oneOf('admin', 'editor') } },
      'CLAIMS_INSUFFICIENT',
    ],
    ['a token with the scope', access({ scope: 'chat read' }), { scope: 'chat' }, undefined],
    [
      'a token without the scope',
      access({ scope: 'read' }),
      { scope: 'chat' },
      'CLAIMS_INSUFFICIENT',
    ],
    [
      'a token of a user who is gone',
      ({ tokens }) => tokens.createAccessToken('gone'),
      {},
      'USER_NOT_FOUND',
    ],
    ['a token that tokenVerification refuses', access({ banned: true }), {}, 'TOKEN_REJECTED'],
    [
      'a revoked token',
      async (tools) => {
        const token = await access()(tools);
        await tools.blocklist.revoke(token);
        return token;
      },
      {},
      'TOKEN_REVOKED',
    ],
    [
      'an expired token',
      async (tools) => {
        const token = await access()(tools);
        tools.clock.forward(900);
        return token;
      },
      {},
      'TOKEN_EXPIRED',
    ],
    ['no token', () => Promise.resolve('a.b.c'), {}, 'TOKEN_INVALID'],
  ])(
    'answers as a guard would for %s, and verifyToken agrees',
    async (_what, make, demands, code) => {
      const tokenVerification = ({ claims }: Token) => claims.banned !== true;
      const tools = await start({ loaders: { userLookup, tokenVerification } });
      const token = await make(tools);
      const refused: unknown[] = [];
      const note = (message: unknown) => refused.push((message as { code: string }).code);
      subscribe('nestjs-jwt-extended:refused', note);

      const failure: unknown = await tools.tokens.authenticate(token, demands).then(
        () => undefined,
        (error: unknown) => error,
      );
      unsubscribe('nestjs-jwt-extended:refused', note);

      expect((failure as { code?: string } | undefined)?.code).toBe(code);
      expect(refused).toEqual(code === undefined ? [] : [code]);
      expect(await tools.tokens.verifyToken(token, demands)).toBe(code === undefined);
    },
  );

  it.each<[demands: object, message: string]>([
    [{ typ: 'access' }, 'authenticate.typ is not an option; did you mean authenticate.type?'],
    [{ type: 'id' }, "authenticate.type was given 'id'; give one of 'access', 'refresh'"],
    [
      { fresh: 'yes' },
      expect.stringContaining(
        "authenticate.fresh was given 'yes'; give true or false",
      ) as unknown as string,
    ],
    [{ claims: [] }, expect.stringContaining('authenticate.claims') as unknown as string],
    [{ scope: '' }, expect.stringContaining('authenticate.scope') as unknown as string],
  ])('refuses the demands %j, and so does verifyToken', async (demands, message) => {
    const { tokens } = await start();
    const token = await tokens.createAccessToken('alice');
    const mistake = { name: 'JwtExtendedConfigError', message };
    expect(await rejectionOf(tokens.authenticate(token, demands))).toMatchObject(mistake);
    expect(await rejectionOf(tokens.verifyToken(token, demands))).toMatchObject(mistake);
  });
});
