import { Controller, Get, Param } from '@nestjs/common';
import { JwtRequired } from 'nestjs-jwt-extended';

@Controller('tenants/:tenant')
export class TenantsController {
  @JwtRequired({
    scope: 'read:invoices',
    claims: { plan: 'pro', org: { verified: true } },
    params: { tenant: 'tenant' },
    override: { roles: 'support' },
  })
  @Get('invoices')
  invoices(@Param('tenant') tenant: string) {
    return { tenant };
  }
}
