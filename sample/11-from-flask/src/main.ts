import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Serves one of the programs of this folder, whose name is in PROGRAM. */
async function bootstrap(program = 'basic-usage') {
  if (!programs().includes(program))
    throw new Error(`PROGRAM is ${program}, and must be one of ${programs().join(', ')}`);
  // Without JWT_SECRET, a secret for this run.
  process.env.JWT_SECRET ??= randomBytes(64).toString('base64url');
  const { AppModule } = (await import(`./${program}.js`)) as { AppModule: Type };
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
  new Logger('FromFlask').log(`Application is running on: ${await app.getUrl()}`);
}

function programs(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.js') && name !== 'main.js')
    .map((name) => name.slice(0, -'.js'.length))
    .sort();
}

await bootstrap(process.env.PROGRAM);
