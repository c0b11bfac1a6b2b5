import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Module,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  AccessGuard,
  CurrentUser,
  JwtExtendedModule,
  TokenError,
  type TokenPair,
} from 'nestjs-jwt-extended';

interface User {
  readonly id: number;
  readonly username: string;
}

const USERS: readonly User[] = [{ id: 1, username: 'joe' }];

/** `jwt_error_handler`: answers every refusal. */
@Catch(TokenError)
export class JwtErrorHandler implements ExceptionFilter<TokenError> {
  catch(error: TokenError, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(error.getStatus()).json({ code: error.code, description: error.message });
  }
}

@UseFilters(JwtErrorHandler)
@Controller()
export class AppController {
  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentUser() user: User) {
    return { hello: user.username };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      endpoints: { login: true },
      secret: process.env.JWT_SECRET,
      identityClaim: 'identity',
      login: {
        // authentication_handler
        authenticate: (username, password) =>
          password === 'pass' && USERS.find((user) => user.username === username),
        // auth_response_handler
        respond: ({ accessToken }: TokenPair, user: User) => ({
          access_token: accessToken,
          user_id: user.id,
        }),
      },
      // request_handler
      locations: [(request: Request) => request.header('X-Auth-Token') ?? null],
      loaders: {
        // jwt_payload_handler
        userIdentity: (user: User) => user.id,
        additionalClaims: () => ({ shop: 'wonderland' }),
        // jwt_headers_handler
        additionalHeaders: () => ({ made_by: 'nest' }),
        // jwt_encode_handler and jwt_decode_handler
        encodeKey: () => process.env.JWT_SECRET!,
        decodeKey: () => process.env.JWT_SECRET!,
        // identity_handler
        userLookup: ({ identity }) => USERS.find((user) => user.id === Number(identity)),
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
