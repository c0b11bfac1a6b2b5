import { Module } from '@nestjs/common';
import { ArticlesController } from './articles.controller.js';
import { AuthModule } from './auth/auth.module.js';

@Module({
  imports: [AuthModule],
  controllers: [ArticlesController],
})
export class AppModule {}
