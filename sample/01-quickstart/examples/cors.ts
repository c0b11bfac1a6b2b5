import type { INestApplication } from '@nestjs/common';

export function allowPage(app: INestApplication): void {
  app.enableCors({ origin: 'https://app.example.com', credentials: true });
}
