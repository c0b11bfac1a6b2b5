// Never run: it compiles, and that is the proof.
import type { Request, Response } from 'express';
import type { FastifyReply } from 'fastify';
import type {
  BlocklistStore,
  CallbackResponse,
  JwtContext,
  JwtExtendedOptions,
  Token,
  TokenPair,
} from 'nestjs-jwt-extended';
import { MemoryBlocklistStore, TokenError } from 'nestjs-jwt-extended';
import type { TokenCookies, TokenService } from 'nestjs-jwt-extended';

export function onEitherAdapter(
  cookies: TokenCookies,
  express: Response,
  fastify: FastifyReply,
): void {
  cookies.setAccessCookies(express, '');
  cookies.setAccessCookies(fastify, '');
  cookies.unsetCookies(express);
  cookies.unsetCookies(fastify);
}

export async function inItsOwnTypes(tokens: TokenService, request: Request): Promise<string[]> {
  const pair: TokenPair = await tokens.createTokenPair('ada', { fresh: '5m', request });
  const token: Token = await tokens.decodeToken(pair.accessToken);
  const context = token as JwtContext<{ roles: string[] }, { name: string }>;
  return [...context.claims.roles, context.user.name];
}

export const store: BlocklistStore = new MemoryBlocklistStore();
export const teapot: CallbackResponse = { status: 418, body: { msg: 'no' } };
export const codeOf = (error: unknown) => (error instanceof TokenError ? error.code : undefined);

export const options: JwtExtendedOptions = {
  secret: Buffer.alloc(32, 1),
  accessTokenExpires: false,
  decodeAlgorithms: ['HS256', 'HS512'],
  blocklist: { store, checks: ['refresh'] },
  responses: { expiredToken: () => teapot },
};

export const mistakes: JwtExtendedOptions[] = [
  // @ts-expect-error a list, never one name
  { secret: 'x', decodeAlgorithms: 'HS256' },
  // @ts-expect-error there is no such location
  { secret: 'x', locations: ['trailers'] },
  // @ts-expect-error a misspelt option
  { secret: 'x', accesTokenExpires: '5m' },
];
