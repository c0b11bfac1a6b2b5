import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '../folders.js';

/** The secret in JWT_SECRET; without it, one in a file that the first start writes, so that tokens outlive a restart. */
export function jwtSecret(): string {
  const { JWT_SECRET } = process.env;
  if (JWT_SECRET !== undefined) return JWT_SECRET;
  const file = join(dataFolder(), 'jwt-secret');
  if (!existsSync(file)) {
    const secret = randomBytes(64).toString('base64url');
    // Only the user who started the demo may read it, and a file that is there already is left alone.
    writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file, 'utf8');
}
