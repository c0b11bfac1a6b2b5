import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, anyOf, CurrentIdentity, RequireScope } from 'nestjs-jwt-extended';
import { ApiKeyGuard } from './api-key.guard.js';

/** For people by their tokens, and for a machine by its key. What a token must have is not asked of a key. */
@UseGuards(anyOf(AccessGuard, ApiKeyGuard))
@RequireScope('read:articles')
@Controller('reports')
export class ReportsController {
  @Get()
  report(@CurrentIdentity() username: string | undefined) {
    return { reader: username ?? 'the holder of the API key' };
  }
}
