import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

/** STORE names a file of `stores`, so that only the clients of that store are loaded. */
async function bootstrap() {
  const { STORE = 'memory' } = process.env;
  const { StoreModule } = await import(`./stores/${STORE}.module.js`);
  const app = await NestFactory.create(AppModule.over(StoreModule));
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
  new Logger('Stores').log(`Application is running on: ${await app.getUrl()}`);
}

await bootstrap();
