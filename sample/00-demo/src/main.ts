import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { sendSecurityHeaders } from './page/security-headers.js';

async function bootstrap() {
  // The passwords are public, so only this machine gets in unless LISTEN_ON says otherwise.
  const { PORT = '3000', LISTEN_ON = 'localhost' } = process.env;
  if (!/^\d+$/.test(PORT) || Number(PORT) > 65_535)
    quit('PORT must be a number from 0 to 65535. For example: PORT=3001 npm start');
  // Unset, it counts as production; here the module is to say at start what it understood.
  process.env.NODE_ENV ??= 'development';
  // Without `forceCloseConnections`, pages that listen to events would keep a server from ending.
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter);
  sendSecurityHeaders(app);
  app.enableShutdownHooks();
  await app.listen(PORT, LISTEN_ON).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    quit(`Port ${PORT} is in use. Take another: PORT=3001 npm start`);
  });
  const { port } = new URL(await app.getUrl());
  new Logger('Demo').log(`Application is running on: http://localhost:${port}`);
}

/** A reason in one line is enough where a stack would tell nothing. */
function quit(reason: string): never {
  console.error(reason);
  process.exit(1);
}

await bootstrap();
