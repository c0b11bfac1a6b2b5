import { Header, HttpCode, HttpStatus, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext } from '../contracts/token.js';
import { CurrentToken } from '../route/param.decorators.js';
import { Fresh } from '../route/route.decorators.js';
import { RefreshGuard } from '../route/token.guards.js';
import { TokenService } from '../token.service.js';
import { setLocations, TokenDelivery } from './token-delivery.js';

/** The refresh endpoint: rotates a refresh token. */
export class RefreshEndpoint {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
  ) {
    setLocations(new.target, delivery.plan.refreshLocations);
  }

  /** @throws TokenError - as `RefreshGuard` and `TokenService.rotateRefreshToken` */
  @UseGuards(RefreshGuard)
  @Fresh(false)
  @Post()
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async refresh(
    @CurrentToken() token: JwtContext,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<object> {
    const made = await this.tokens.rotateRefreshToken(token, { request });
    const pair = await this.delivery.prepare(made, request, token);
    return this.delivery.deliver(pair, response, 'Successfully refreshed', { token, request });
  }
}
