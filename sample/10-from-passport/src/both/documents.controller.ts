import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { CurrentIdentity } from 'nestjs-jwt-extended';

@UseGuards(AuthGuard(['jwt-access', 'api-key']))
@Controller('documents')
export class DocumentsController {
  @Get()
  list(
    @CurrentIdentity() username: string | undefined,
    @Req() request: { user: { service?: string } },
  ) {
    return { reader: username ?? request.user.service };
  }
}
