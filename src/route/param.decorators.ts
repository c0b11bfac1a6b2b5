import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { isObject } from '../common/checks.js';
import type { Claims as TokenClaims, JwtContext } from '../contracts/token.js';
import { plainNameOf } from '../common/describe.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Handler } from './handlers.js';
import { effectiveLevels } from './merge-policy.js';
import { callOf, foundFor, type RequestContext } from './request-context.js';
import { ownLevelsOf } from './policy-level.js';

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
 * The user that the `userLookup` loader returned, or the named member of that user; `undefined` on an optional route
 * without a token, and for a member that the user does not have. Flask: `current_user`.
 *
 * A member is a property of the user itself or a getter of its class. Give the type of the user to have the name checked.
 *
 * @throws JwtExtendedConfigError - on a route that no token guard protects, and without a `userLookup` loader
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('me')
 * me(@CurrentUser() user: User, @CurrentUser<User>('email') email: string) {
 *   return { name: user.name, email };
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names it to have the member checked
export const CurrentUser: <User = Readonly<Record<string, unknown>>>(
  ...memberAndPipes: ((keyof User & string) | ParameterPipe)[]
) => ParameterDecorator = createParamDecorator(
  (member: string | undefined, context: ExecutionContext): unknown => {
    const { token, looksUpUsers } = requireContext('@CurrentUser()', context);
    if (token && !looksUpUsers)
      throw new JwtExtendedConfigError(
        '@CurrentUser() needs a user: add loaders.userLookup to the options',
      );
    return member === undefined ? token?.user : memberOf(token?.user, member);
  },
);

/** Methods, and what every object inherits, such as `constructor` and `__proto__`, are not members. */
function memberOf(user: unknown, name: string): unknown {
  if (!isObject(user)) return undefined;
  for (let holder: object = user; ;) {
    const above = Object.getPrototypeOf(holder) as object | null;
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property) return holder === user || (above && property.get) ? user[name] : undefined;
    if (!above) return undefined;
    holder = above;
  }
}

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
  const found = foundFor(context);
  if (found) return found;
  const handler = context.getHandler() as Handler;
  const type = context.getClass<Type>();
  const guard = callOf(context) ? 'AccessGuard' : declaredGuard(handler, type);
  throw new JwtExtendedConfigError(
    `${decorator} on ${type.name}.${handler.name} found no token, because ${
      guard === undefined
        ? 'no token guard ran: add @UseGuards(AccessGuard), RefreshGuard or FreshGuard to the route'
        : `${guard}, which protects the route, read none. If a test replaced it, by overrideGuard for example, leave it ` +
          "in place and send the headers of asIdentity, from 'nestjs-jwt-extended/testing'"
    }`,
  );
}

function declaredGuard(handler: Handler, type: Type): string | undefined {
  return effectiveLevels(ownLevelsOf(handler, type))
    .flatMap(({ guardClasses, anyOfClasses }) => [...guardClasses, ...anyOfClasses])
    .map(plainNameOf)[0];
}
