import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CookiesModule } from './cookies.module.js';
import { MemoryModule } from './memory.module.js';
import { servePage } from './page-server.js';
import { RenderedModule } from './rendered.module.js';
import { API_ORIGIN, PAGE_ORIGIN, TOKENS } from './settings.js';

const MODULES = { cookies: CookiesModule, memory: MemoryModule, rendered: RenderedModule };

async function bootstrap() {
  const app = await NestFactory.create<NestExpressApplication>(MODULES[TOKENS]);
  app.enableCors({ origin: PAGE_ORIGIN, credentials: true });
  app.enableShutdownHooks();
  await app.listen(new URL(API_ORIGIN).port);
  const logger = new Logger('Cookies');
  if (TOKENS !== 'rendered') {
    await servePage();
    logger.log(`The page is on: ${PAGE_ORIGIN}`);
  }
  logger.log(`Application is running on: ${API_ORIGIN}`);
}

await bootstrap();
