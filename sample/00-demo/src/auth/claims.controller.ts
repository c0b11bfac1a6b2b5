import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentToken, type JwtContext, RefreshGuard } from 'nestjs-jwt-extended';

/** Tells a page whose tokens are in cookies what is in them, which its scripts cannot read. The tokens stay where they are. */
@Controller()
export class ClaimsController {
  @UseGuards(AccessGuard)
  @Get('claims')
  @Header('Cache-Control', 'no-store')
  access(@CurrentToken() { header, claims }: JwtContext) {
    return { header, claims };
  }

  /** Below `/refresh`, the path of the refresh token's cookie. */
  @UseGuards(RefreshGuard)
  @Get('refresh/claims')
  @Header('Cache-Control', 'no-store')
  refresh(@CurrentToken() { header, claims }: JwtContext) {
    return { header, claims };
  }
}
