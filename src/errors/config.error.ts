/**
 * A mistake in the options, or in how guards and decorators are put together, found when the application starts.
 * The message names the option, what is wrong with it and the fix; it never holds a secret's value.
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
 * A mistake in what a token was asked to carry: an identity that is no string, a reserved claim, a value that
 * JSON cannot hold. It is the application's to mend, so a client sees a 500 and nothing else.
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
