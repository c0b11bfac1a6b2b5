import {
  BlocklistService,
  type Claims,
  type CreateAccessTokenOptions,
  type CreateRefreshTokenOptions,
  type ExpressLikeResponse,
  type FastifyLikeReply,
  type JwtContext,
  MemoryBlocklistStore,
  type Token,
  type TokenCookies,
  type TokenHeader,
  type TokenLocation,
  type TokenPair,
  type TokenService,
  type TokenType,
} from 'nestjs-jwt-extended';
import type { Response } from 'express';
import type { FastifyReply } from 'fastify';
import { exactly, exactValue } from './exactly.js';

interface Roles {
  readonly roles: string[];
}
interface User {
  readonly name: string;
}

// A token knows what its claims are, if it is told.

exactly<Token['claims']['anything'], unknown>(true);
exactly<Token<Roles>['claims']['roles'], string[]>(true);
exactly<Token<Roles>['claims']['anything'], unknown>(true);
exactly<Token['identity'], string>(true);
exactly<Token['type'], TokenType>(true);
exactly<Token['fresh'], boolean>(true);
exactly<Token['sessionId'], string | undefined>(true);
exactly<Token['issuedAt'], Date | undefined>(true);
exactly<Token['expiresAt'], Date | undefined>(true);
exactly<JwtContext['user'], unknown>(true);
exactly<JwtContext<Roles, User>['user'], User>(true);
exactly<JwtContext<Roles, User>['claims']['roles'], string[]>(true);
exactly<JwtContext['location'], TokenLocation | 'custom'>(true);
exactly<TokenPair['accessToken' | 'refreshToken' | 'sessionId'], string>(true);
exactly<TokenPair['accessExpiresAt' | 'refreshExpiresAt'], Date | undefined>(true);

export function readOnly(token: Token<Roles>, context: JwtContext<Roles, User>): Token {
  // @ts-expect-error -- what was verified stays as it is
  token.identity = 'mallory';
  // @ts-expect-error -- what was verified stays as it is
  token.claims.sub = 'mallory';
  // @ts-expect-error -- what was verified stays as it is
  context.user = { name: 'Mallory' };
  // @ts-expect-error -- what was verified stays as it is
  token.header.alg = 'none';
  // A context is a token, and a token of some claims is a token.
  return context;
}

export async function make(tokens: TokenService): Promise<void> {
  const user: User = { name: 'Ada' };
  exactValue<string>()(
    await tokens.createAccessToken(user, { fresh: '5m', expiresIn: false }),
    true,
  );
  await tokens.createAccessToken('ada', { fresh: new Date(), additionalClaims: { a: 1 } });
  await tokens.createAccessToken('ada', { additionalClaims: user, additionalHeaders: { kid: '' } });
  exactValue<string>()(
    await tokens.createRefreshToken(user, { expiresIn: -1, sessionId: 'one' }),
    true,
  );
  exactValue<TokenPair>()(
    await tokens.createTokenPair(user, { fresh: true, refreshExpiresIn: '1d' }),
    true,
  );

  // @ts-expect-error -- a refresh token is never fresh
  await tokens.createRefreshToken(user, { fresh: true });
  // @ts-expect-error -- claims are an object
  await tokens.createAccessToken(user, { additionalClaims: 'roles' });
  // @ts-expect-error -- a misspelt option
  await tokens.createAccessToken(user, { expires: '5m' });
  // @ts-expect-error -- false is the only word for "never"
  await tokens.createAccessToken(user, { expiresIn: null });
  // @ts-expect-error -- each of the two has a lifetime of its own
  await tokens.createTokenPair(user, { expiresIn: '5m' });
}

export async function read(tokens: TokenService, encoded: string): Promise<void> {
  const token = await tokens.decodeToken(encoded);
  exactly<typeof token, Token>(true);
  exactValue<Token<Roles>>()(
    await tokens.decodeToken<Roles>(encoded, { csrf: 'value', allowExpired: true }),
    true,
  );
  exactly<Awaited<ReturnType<typeof tokens.verifyToken>>, boolean>(true);
  exactly<Awaited<ReturnType<typeof tokens.getUnverifiedHeaders>>, TokenHeader>(true);
  exactly<Awaited<ReturnType<typeof tokens.getJti>>, string>(true);
  exactly<Awaited<ReturnType<typeof tokens.getCsrfToken>>, string>(true);

  // @ts-expect-error -- everything is asynchronous
  exactly<ReturnType<typeof tokens.getJti>, string>(true);
  // @ts-expect-error -- claims are an object
  await tokens.decodeToken<string>(encoded);
  // @ts-expect-error -- the encoded text
  await tokens.decodeToken(token);
}

export function carry(
  cookies: TokenCookies,
  express: Response,
  fastify: FastifyReply,
  either: ExpressLikeResponse | FastifyLikeReply,
  pair: TokenPair,
): void {
  cookies.setAccessCookies(express, 'encoded', { maxAge: '1d', domain: 'example.com' });
  cookies.setRefreshCookies(fastify, 'encoded');
  cookies.setPair(either, pair, { maxAge: '1d', domain: 'example.com' });
  cookies.unsetAccessCookies(either);
  cookies.unsetRefreshCookies(express, { domain: 'example.com' });
  cookies.unsetCookies(fastify);
  // @ts-expect-error -- a cookie is cleared at once
  cookies.unsetCookies(fastify, { maxAge: 0 });
  // @ts-expect-error -- a pair lacks its refresh token
  cookies.setPair(express, { accessToken: '' });
  // @ts-expect-error -- no response at all
  cookies.unsetCookies({});
}

export async function revoke(
  blocklist: BlocklistService,
  token: Token<Roles>,
  context: JwtContext<Roles, User>,
): Promise<void> {
  await blocklist.revoke(token);
  await blocklist.revoke(context);
  await blocklist.revoke('encoded');
  await blocklist.unrevoke(token.jti);
  exactly<Awaited<ReturnType<typeof blocklist.isRevoked>>, boolean>(true);
  // @ts-expect-error -- claims are no token: nobody has verified them
  await blocklist.revoke(token.claims);
  // @ts-expect-error -- the jti
  await blocklist.unrevoke(token);
}

export class OwnBlocklist extends BlocklistService {
  constructor(private readonly log: string[]) {
    super();
  }

  override async isRevoked(token: string | Token): Promise<boolean> {
    this.log.push(typeof token === 'string' ? token : token.jti);
    return super.isRevoked(token);
  }
}

export const store = new MemoryBlocklistStore({ clock: () => new Date() });
export const claims: Claims = { anything: 'at all' };
export const minted: CreateAccessTokenOptions & CreateRefreshTokenOptions = { expiresIn: 60 };
