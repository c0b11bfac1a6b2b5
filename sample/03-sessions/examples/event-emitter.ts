import { EventEmitter2 } from '@nestjs/event-emitter';
import { JwtExtendedModule } from 'nestjs-jwt-extended';

export const jwt = JwtExtendedModule.forRootAsync({
  inject: [EventEmitter2],
  useFactory: (events: EventEmitter2) => ({ secret: process.env.JWT_SECRET, events }),
});
