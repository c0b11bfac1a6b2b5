import { Controller, Delete, Get, Param, UseGuards } from '@nestjs/common';
import { AccessGuard, MatchParam, oneOf, RequireClaims, RequireScope } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@RequireScope('read:articles')
@Controller('articles')
export class ArticlesController {
  @RequireClaims({ roles: oneOf('admin', 'editor') })
  @Delete(':id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }

  @MatchParam('username', { claim: 'sub', override: { roles: 'admin' } })
  @Get('of/:username')
  of(@Param('username') author: string) {
    return { author };
  }
}
