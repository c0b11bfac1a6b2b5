import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { SecurityFeed } from './security-feed.js';

@Module({
  controllers: [EventsController],
  providers: [SecurityFeed],
  exports: [SecurityFeed],
})
export class EventsModule {}
