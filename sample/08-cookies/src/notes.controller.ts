import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Controller('notes')
export class NotesController {
  private readonly notes: string[] = [];

  @Get()
  list(@CurrentIdentity() owner: string) {
    return { owner, notes: this.notes };
  }

  @Post()
  add(@Body('text') text: unknown) {
    this.notes.push(String(text));
    return { notes: this.notes };
  }
}
