import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  NotFoundException,
  Param,
  UseGuards,
} from '@nestjs/common';
import { AccessGuard, Claims, CurrentIdentity, SessionService } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Controller('devices')
export class DevicesController {
  constructor(private readonly sessions: SessionService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async list(@CurrentIdentity() username: string, @Claims('sid') current: string | undefined) {
    const sessions = await this.sessions.list(username);
    return sessions.map(({ id, note, createdAt, refreshedAt }) => ({
      id,
      current: id === current,
      loggedInAt: createdAt,
      refreshedAt,
      note,
    }));
  }

  /** The session of another user gets the same answer as a session that does not exist. */
  @Delete(':id')
  @HttpCode(204)
  async end(@CurrentIdentity() username: string, @Param('id') id: string) {
    const own = await this.sessions.list(username);
    if (!own.some((session) => session.id === id)) throw new NotFoundException();
    await this.sessions.end(id);
  }
}
