import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { KeyFolder } from './keys/key-folder.js';
import { KeyRotation } from './keys/key-rotation.js';
import { KeysModule } from './keys/keys.module.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [
    KeysModule,
    JwtExtendedModule.forRootAsync({
      endpoints: { jwks: true },
      imports: [KeysModule],
      inject: [KeyFolder],
      useFactory: (folder: KeyFolder) => ({
        keys: folder.read(),
        encodeIssuer: 'https://login.example.com',
        encodeAudience: 'https://orders.example.com',
      }),
    }),
  ],
  controllers: [AppController],
  providers: [KeyRotation, UsersService],
})
export class AppModule {}
