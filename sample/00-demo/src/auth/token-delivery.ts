import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { TokenCookies, type TokenPair } from 'nestjs-jwt-extended';

interface Delivery {
  readonly inCookies: boolean;
}

/** Sends tokens in cookies, which scripts cannot read, or in the body, for clients that keep them. */
@Injectable()
export class TokenDelivery {
  constructor(private readonly cookies: TokenCookies) {}

  sendPair(reply: FastifyReply, pair: TokenPair, { inCookies }: Delivery) {
    reply.header('Cache-Control', 'no-store');
    if (!inCookies) return { access_token: pair.accessToken, refresh_token: pair.refreshToken };
    this.cookies.setPair(reply, pair);
    return { msg: 'The tokens are in cookies' };
  }

  sendAccess(reply: FastifyReply, encoded: string, { inCookies }: Delivery) {
    reply.header('Cache-Control', 'no-store');
    if (!inCookies) return { access_token: encoded };
    this.cookies.setAccessCookies(reply, encoded);
    return { msg: 'The access token is in a cookie' };
  }
}
