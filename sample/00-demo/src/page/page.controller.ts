import { Controller, Get, Header, NotFoundException, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PAGE_FOLDER } from '../folders.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves the files of the page. It has read them all at start, so that no request can name another file. */
@Controller()
export class PageController {
  private readonly files = new Map(
    readdirSync(PAGE_FOLDER).map((name) => [name, readFileSync(join(PAGE_FOLDER, name))]),
  );

  @Get()
  @Header('Cache-Control', 'no-cache')
  index(@Res({ passthrough: true }) reply: FastifyReply) {
    return this.file('index.html', reply);
  }

  @Get('page/:name')
  @Header('Cache-Control', 'no-cache')
  file(@Param('name') name: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const content = this.files.get(name);
    if (!content) throw new NotFoundException();
    reply.type(TYPES[extname(name)]!);
    return content;
  }
}
