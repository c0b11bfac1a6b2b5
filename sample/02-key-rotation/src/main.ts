import { Logger, ShutdownSignal } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  // Without SIGHUP, which changes the keys.
  app.enableShutdownHooks([ShutdownSignal.SIGINT, ShutdownSignal.SIGTERM]);
  await app.listen(process.env.PORT ?? 3000);
  new Logger('KeyRotation').log(`Application is running on: ${await app.getUrl()}`);
}

await bootstrap();
