import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { HttpRequest } from '../contracts/http.js';
import type { Claims as TokenClaims, JwtContext } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { contextOf, type RequestContext } from './route-authenticator.js';

/** The claims of a token: its payload, as one JSON object that every check reads. */
export type Claims = TokenClaims;

/** A pipe for the value of a parameter decorator. */
export type ParameterPipe = PipeTransform | Type<PipeTransform>;

/**
 * The identity of the token that let the request in; `undefined` on an optional route without one.
 * Flask: `get_jwt_identity()`.
 *
 * @throws JwtExtendedConfigError - on a route that no token guard protects
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('me')
 * me(@CurrentIdentity() id: string) {
 *   return { id };
 * }
 * ```
 */
export const CurrentIdentity: (...pipes: ParameterPipe[]) => ParameterDecorator =
  createParamDecorator((_data: unknown, context: ExecutionContext): unknown => {
    return requireContext('@CurrentIdentity()', context).token?.identity;
  });

/**
 * All claims of the token, or the named one; `{}` and `undefined` on an optional route without a token.
 * Flask: `get_jwt()`.
 *
 * @throws JwtExtendedConfigError - on a route that no token guard protects
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('roles')
 * roles(@Claims('roles') roles: string[], @Claims() claims: Claims) {
 *   return { roles, issuer: claims.iss };
 * }
 * ```
 */
export const Claims: (...nameAndPipes: (string | ParameterPipe)[]) => ParameterDecorator =
  createParamDecorator((name: string | undefined, context: ExecutionContext): unknown => {
    const claims = requireContext('@Claims()', context).token?.claims ?? {};
    if (name === undefined) return claims;
    return Object.hasOwn(claims, name) ? claims[name] : undefined;
  });

/**
 * The user that the `userLookup` loader returned; `undefined` on an optional route without a token. Flask: `current_user`.
 *
 * @throws JwtExtendedConfigError - on a route that no token guard protects, and without a `userLookup` loader
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('me')
 * me(@CurrentUser() user: User) {
 *   return user.name;
 * }
 * ```
 */
export const CurrentUser: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): unknown => {
    const { token, looksUpUsers } = requireContext('@CurrentUser()', context);
    if (token && !looksUpUsers)
      throw new JwtExtendedConfigError(
        '@CurrentUser() needs a user: add loaders.userLookup to the options',
      );
    return token?.user;
  },
);

/**
 * The whole {@link JwtContext}; `undefined` on an optional route without a token.
 *
 * @throws JwtExtendedConfigError - on a route that no token guard protects
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Post('logout')
 * async logout(@CurrentToken() token: JwtContext) {
 *   await this.blocklist.revokeSession(token);
 * }
 * ```
 */
export const CurrentToken: (...pipes: ParameterPipe[]) => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): JwtContext | undefined => {
    return requireContext('@CurrentToken()', context).token;
  },
);

/** The context that a guard left. Without a guard `undefined` would look like an anonymous request, so it throws. */
function requireContext(decorator: string, context: ExecutionContext): RequestContext {
  const request = context.switchToHttp().getRequest<HttpRequest | undefined>();
  const requestContext = request && contextOf(request);
  if (requestContext) return requestContext;
  throw new JwtExtendedConfigError(
    `${decorator} on ${context.getClass().name}.${context.getHandler().name} found no token, because no token guard ` +
      'ran: add @UseGuards(AccessGuard), RefreshGuard or FreshGuard to the route',
  );
}
