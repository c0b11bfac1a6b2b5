import { ModuleRef } from '@nestjs/core';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { UsersService } from '../src/users/users.service.js';

export const jwt = JwtExtendedModule.forRootAsync({
  inject: [ModuleRef],
  useFactory: (modules: ModuleRef) => ({
    secret: process.env.JWT_SECRET,
    loaders: {
      userLookup: ({ identity }) => modules.get(UsersService, { strict: false }).findOne(identity),
    },
  }),
});
