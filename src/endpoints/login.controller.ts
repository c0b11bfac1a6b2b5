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

/** Where `@nestjs/swagger` keeps what its decorator `@ApiBody` says; the package itself need not be there. */
const API_PARAMETERS = 'swagger/apiParameters';

/** Says in the API document, if there is one, what JSON a handler takes. */
function describeBody(controller: object, handler: string, schema: object): void {
  // Its explorer insists on a type, and writes the schema in its place.
  const body = { in: 'body', required: true, type: String, schema };
  Reflect.defineMetadata(API_PARAMETERS, [body], Reflect.get(controller, handler) as object);
}

/** Nest's own key for the types of parameters: a validation pipe warns where it finds none. */
const PARAMETER_TYPES = 'design:paramtypes';

/** Gives a fresh pair for a username and a password; in a class for each module, since each describes its own body. */
export function loginEndpoint(): Type {
  class LoginEndpoint {
    constructor(
      @Inject(PasswordLogin) private readonly passwords: PasswordLogin,
      @Inject(TokenService) private readonly tokens: TokenService,
      @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
    ) {
      // Not any earlier: the names of the two members may come from a factory.
      describeBody(this, 'login', passwords.bodySchema);
    }

    /** @throws BadCredentialsError, TokenCheckUnavailableError, the application's own `HttpException` */
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
      const subject = await this.passwords.authenticate(request, body);
      const pair = await this.tokens.createTokenPair(subject, { fresh: true, request });
      const answer = await this.passwords.respond(pair, subject, request);
      const standard = await this.delivery.deliver(pair, response, 'Successfully logged in');
      return answer ? this.delivery.say(answer, response) : standard;
    }
  }
  return LoginEndpoint;
}
