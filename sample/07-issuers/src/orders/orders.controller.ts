import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentToken, type JwtContext, RequireScope } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Controller('orders')
export class OrdersController {
  /** Two issuers may have a user of the same name, so a user is an issuer and an identity. */
  @Get('mine')
  mine(@CurrentToken() { identity, issuer }: JwtContext) {
    return { identity, issuer: issuer ?? 'this application' };
  }

  /** For scopes of Auth0, Entra ID, Keycloak and this application. */
  @RequireScope('orders.read')
  @Get()
  list() {
    return [{ id: 1 }];
  }

  /** A scope of Cognito begins with the identifier of the resource server. */
  @RequireScope('orders/read')
  @Get('cognito')
  listForCognito() {
    return [{ id: 1 }];
  }
}
