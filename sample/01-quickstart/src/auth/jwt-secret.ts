import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';

/** The secret in JWT_SECRET. Without it, a random secret for this process, which is enough for a first try. */
export function jwtSecret(): string {
  const { JWT_SECRET } = process.env;
  if (JWT_SECRET !== undefined) return JWT_SECRET;
  new Logger('Quickstart').warn(
    'JWT_SECRET is not set: a secret was generated for this run, and tokens are good until it ends',
  );
  return randomBytes(64).toString('base64url');
}
