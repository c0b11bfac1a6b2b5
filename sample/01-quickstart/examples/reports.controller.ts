import { Controller, Get } from '@nestjs/common';
import { CurrentIdentity, JwtRequired } from 'nestjs-jwt-extended';

@Controller('reports')
export class ReportsController {
  @JwtRequired({ fresh: { maxAge: '10m' }, locations: ['headers', 'query_string'] })
  @Get('latest')
  latest(@CurrentIdentity() username: string) {
    return { reader: username };
  }
}
