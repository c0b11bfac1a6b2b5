import { Module } from '@nestjs/common';
import { JwtPassportModule } from 'nestjs-jwt-extended/passport';
import { AuthModule } from '../after/auth/auth.module.js';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { DocumentsController } from './documents.controller.js';

/** The strategies of the library beside another one of passport. */
@Module({
  imports: [AuthModule, JwtPassportModule.register()],
  controllers: [DocumentsController],
  providers: [ApiKeyStrategy],
})
export class AppModule {}
