import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';

/** The secret of the environment; if there is none, one that lasts as long as the process, for a first try. */
export function jwtSecret(): string {
  const { JWT_SECRET } = process.env;
  if (JWT_SECRET !== undefined) return JWT_SECRET;
  new Logger('Sessions').warn(
    'JWT_SECRET is not set: a secret was generated for this run, and tokens are valid until it ends',
  );
  return randomBytes(64).toString('base64url');
}
