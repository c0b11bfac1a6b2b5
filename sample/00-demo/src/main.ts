import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { sendSecurityHeaders } from './page/security-headers.js';

async function bootstrap() {
  // Unset, it counts as production; here the module is to say at start what it understood.
  process.env.NODE_ENV ??= 'development';
  // Without `forceCloseConnections`, pages that listen to events would keep a server from ending.
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    forceCloseConnections: true,
  });
  sendSecurityHeaders(app);
  app.enableShutdownHooks();
  // The passwords are public, so only this machine gets in unless LISTEN_ON says otherwise.
  const { PORT = '3000', LISTEN_ON = 'localhost' } = process.env;
  await app.listen(PORT, LISTEN_ON);
  const { port } = new URL(await app.getUrl());
  new Logger('Demo').log(`Application is running on: http://localhost:${port}`);
}

await bootstrap();
