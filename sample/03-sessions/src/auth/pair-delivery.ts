import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { TokenCookies, type TokenPair } from 'nestjs-jwt-extended';

/** Sends a pair in cookies or in the body. */
@Injectable()
export class PairDelivery {
  constructor(private readonly cookies: TokenCookies) {}

  send(response: Response, pair: TokenPair, { inCookies }: { inCookies: boolean }) {
    if (inCookies) {
      this.cookies.setPair(response, pair);
      return { msg: 'The tokens are in cookies' };
    }
    response.setHeader('Cache-Control', 'no-store');
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken };
  }
}
