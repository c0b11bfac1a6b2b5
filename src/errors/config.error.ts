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
