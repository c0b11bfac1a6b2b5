import { Controller, Get, Headers, Redirect } from '@nestjs/common';
import { OtherOrigin } from './other-origin.js';

/** Leads to the page of the attacker. */
@Controller('forgery')
export class ForgeryController {
  constructor(private readonly other: OtherOrigin) {}

  @Get()
  @Redirect()
  open(@Headers('host') host: string) {
    const { hostname, port } = new URL(`http://${host}`);
    return { url: `http://${hostname}:${this.other.port}/?port=${port || 80}` };
  }
}
