import { Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** The application as it was with passport (`before`), as it is now (`after`), or now with passport (`both`). */
const { APP = 'after' } = process.env;

async function bootstrap() {
  const { AppModule } = (await import(`./${APP}/app.module.js`)) as { AppModule: Type };
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
  new Logger('FromPassport').log(`Application is running on: ${await app.getUrl()}`);
}

await bootstrap();
