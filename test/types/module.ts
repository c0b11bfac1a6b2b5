import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import {
  BlocklistService,
  type JwtExtendedModuleExtras,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type JwtExtendedOptionsFactory,
} from 'nestjs-jwt-extended';
import { exactly } from './exactly.js';

@Injectable()
class Config {
  readonly secret = 'text';
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

@Injectable()
class Factory implements JwtExtendedOptionsFactory {
  createJwtExtendedOptions(): JwtExtendedOptions {
    return {};
  }
}

class OwnBlocklist extends BlocklistService {}

exactly<ReturnType<typeof JwtExtendedModule.forRoot>, DynamicModule>(true);
exactly<ReturnType<typeof JwtExtendedModule.forRootAsync>, DynamicModule>(true);

export const extras: JwtExtendedModuleExtras = {
  isGlobal: false,
  globalGuard: true,
  registerFilter: false,
  blocklistService: OwnBlocklist,
  endpoints: { path: 'session', login: true, refresh: '/refresh', logout: 'out', jwks: false },
};

@Module({
  imports: [
    JwtExtendedModule.forRoot({ secret: 'text' }),
    JwtExtendedModule.forRoot({ secret: 'text', ...extras }),
    JwtExtendedModule.forRootAsync({ useFactory: () => ({ secret: 'text' }), ...extras }),
    JwtExtendedModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: async (config: Config) => ({ secret: config.secret, locations: ['headers'] }),
    }),
    JwtExtendedModule.forRootAsync({ imports: [ConfigModule], useClass: Factory }),
    JwtExtendedModule.forRootAsync({ useExisting: Factory }),
  ],
})
export class AppModule {}

// @ts-expect-error -- a misspelt extra
JwtExtendedModule.forRoot({ secret: 'text', globalGaurd: true });
// @ts-expect-error -- true, or a path
JwtExtendedModule.forRoot({ secret: 'text', endpoints: { login: 1 } });
// @ts-expect-error -- a misspelt endpoint
JwtExtendedModule.forRoot({ secret: 'text', endpoints: { logins: true } });
// @ts-expect-error -- it must extend BlocklistService
JwtExtendedModule.forRoot({ secret: 'text', blocklistService: Config });
// @ts-expect-error -- a list, even of one (R80)
JwtExtendedModule.forRoot({ secret: 'text', decodeAlgorithms: 'HS256' });
// @ts-expect-error -- a list, even of one (R80)
JwtExtendedModule.forRootAsync({ useFactory: () => ({ decodeAlgorithms: 'HS256' }) });
// @ts-expect-error -- it has no createJwtExtendedOptions
JwtExtendedModule.forRootAsync({ useClass: Config });
// @ts-expect-error -- an option of the module, which the factory gives
JwtExtendedModule.forRootAsync({ useFactory: () => ({}), secret: 'text' });
