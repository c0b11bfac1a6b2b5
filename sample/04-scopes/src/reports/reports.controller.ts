import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, anyOf, CurrentIdentity, RequireScope } from 'nestjs-jwt-extended';
import { ApiKeyGuard } from './api-key.guard.js';

/** For users with a token, and for a machine with an API key. The required scope concerns tokens only. */
@UseGuards(anyOf(AccessGuard, ApiKeyGuard))
@RequireScope('read:articles')
@Controller('reports')
export class ReportsController {
  @Get()
  report(@CurrentIdentity() username: string | undefined) {
    return { reader: username ?? 'the holder of the API key' };
  }
}
