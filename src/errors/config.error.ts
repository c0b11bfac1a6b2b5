/**
 * A mistake in the options or in the combination of guards and decorators, found when the application starts, or in the
 * options of a call. The message names the option, the mistake and the fix; it never holds a secret's value.
 *
 * @example
 * ```ts
 * try {
 *   await NestFactory.create(AppModule, { abortOnError: false });
 * } catch (error) {
 *   if (error instanceof JwtExtendedConfigError) process.exitCode = 78;
 * }
 * ```
 */
export class JwtExtendedConfigError extends Error {
  override readonly name = 'JwtExtendedConfigError';
}

/**
 * A mistake in the content of a new token: an identity that is not a string, a reserved claim, a value that JSON cannot
 * hold. It is a bug of the application, so a client sees a 500 without details.
 *
 * @example
 * ```ts
 * try {
 *   await tokens.createAccessToken(user.id, { additionalClaims: { exp: 0 } });
 * } catch (error) {
 *   if (error instanceof TokenCreationError) console.error(error.message);
 * }
 * ```
 */
export class TokenCreationError extends Error {
  override readonly name = 'TokenCreationError';
}
