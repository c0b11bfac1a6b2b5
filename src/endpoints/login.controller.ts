import {
  Body,
  Header,
  HttpCode,
  HttpStatus,
  Inject,
  Post,
  Req,
  Res,
  type Type,
} from '@nestjs/common';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import { Public } from '../route/route.decorators.js';
import { TokenService } from '../token.service.js';
import { PasswordLogin } from './password-login.js';
import { TokenDelivery } from './token-delivery.js';

/** The metadata key of `@nestjs/swagger`'s `@ApiBody`. The package does not have to be installed. */
const API_PARAMETERS = 'swagger/apiParameters';

/** The metadata key of parameter types. Nest's validation pipe warns if it is missing. */
const PARAMETER_TYPES = 'design:paramtypes';

/** The login endpoint. Each module gets a class of its own, because the class describes the body of its module. */
export function loginEndpoint(): Type {
  class LoginEndpoint {
    constructor(
      @Inject(PasswordLogin) private readonly passwords: PasswordLogin,
      @Inject(TokenService) private readonly tokens: TokenService,
      @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
    ) {
      // Only now are the names of the two members known: they may come from a factory. The explorer of an OpenAPI document
      // requires a type, and then uses the schema instead.
      const body = { in: 'body', required: true, type: String, schema: passwords.bodySchema };
      Reflect.defineMetadata(API_PARAMETERS, [body], Reflect.get(this, 'login'));
    }

    /**
     * @throws BadCredentialsError, TokenCheckUnavailableError, the application's own `HttpException`
     * @throws TokenCreationError - if `login.authenticate` gives `true`, or `login.pairOptions` what is not an option
     */
    @Public()
    @Post()
    @HttpCode(HttpStatus.OK)
    @Header('Cache-Control', 'no-store')
    @Reflect.metadata(PARAMETER_TYPES, [Object, Object, Object])
    async login(
      @Req() request: HttpRequest,
      @Body() body: unknown,
      @Res({ passthrough: true }) response: HttpResponse,
    ): Promise<unknown> {
      const authenticatedAt = this.passwords.now();
      const subject = await this.passwords.authenticate(request, body);
      const options = await this.passwords.pairOptions(subject, request);
      const made = await this.tokens.createTokenPair(subject, {
        ...options,
        fresh: options.fresh ?? true,
        request,
        authenticatedAt,
      });
      const pair = await this.delivery.prepare(made, request);
      const answer = await this.passwords.respond(pair, subject, request);
      const standard = await this.delivery.deliver(pair, response, 'Successfully logged in');
      return answer ? this.delivery.send(answer, response) : standard;
    }
  }
  return LoginEndpoint;
}
