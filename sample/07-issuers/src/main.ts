import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

/** Two applications: one that accepts tokens of other issuers, and with APP=tenants, one with a key for each tenant. */
async function bootstrap() {
  const app = await NestFactory.create(process.env.APP === 'tenants' ? TenantsModule : AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
  new Logger('Issuers').log(`Application is running on: ${await app.getUrl()}`);
}

await bootstrap();
