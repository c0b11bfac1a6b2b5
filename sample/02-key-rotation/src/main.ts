import { Logger, ShutdownSignal } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { VerifierModule } from './verifier.module.js';

/** With APP=verifier, the service that has only the public key. */
async function bootstrap() {
  const app = await NestFactory.create(process.env.APP === 'verifier' ? VerifierModule : AppModule);
  // Without SIGHUP, which changes the keys.
  app.enableShutdownHooks([ShutdownSignal.SIGINT, ShutdownSignal.SIGTERM]);
  await app.listen(process.env.PORT ?? 3000);
  new Logger('KeyRotation').log(`Application is running on: ${await app.getUrl()}`);
}

await bootstrap();
