import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, RequireClaims } from 'nestjs-jwt-extended';

/** Each issuer has a claim of its own for roles. */
@UseGuards(AccessGuard)
@Controller('approvals')
export class ApprovalsController {
  /** For users of Entra ID only: a token of another issuer may have the same claim. */
  @RequireClaims({ roles: 'approver', iss: process.env.ENTRA_ID_ISSUER ?? 'none' })
  @Get('entra-id')
  ofEntraId() {
    return [{ id: 1 }];
  }

  @RequireClaims({ resource_access: { orders: { roles: 'approver' } } })
  @Get('keycloak')
  ofKeycloak() {
    return [{ id: 1 }];
  }

  @RequireClaims({ 'cognito:groups': 'approvers' })
  @Get('cognito')
  ofCognito() {
    return [{ id: 1 }];
  }

  /** A custom claim of Firebase, or of an action in Auth0. */
  @RequireClaims({ approver: true })
  @Get('firebase')
  ofFirebase() {
    return [{ id: 1 }];
  }
}
