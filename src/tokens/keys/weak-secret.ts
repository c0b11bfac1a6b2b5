import type { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import { findSecretWeakness } from './secret-strength.js';

const FIX =
  'Make a good one: ' +
  `node -e "console.log(require('node:crypto').randomBytes(64).toString('base64url'))"`;

/**
 * Refuses a weak secret in production, and elsewhere says so once through Nest's logger: a
 * tutorial's `secret` is fine on the way to a first token, and a way in for everybody after that.
 */
export function refuseWeakSecret(
  secret: KeyObject,
  algorithms: readonly Algorithm[],
  where: string,
  warn: (message: string) => void = logWarning,
): void {
  const weakness = findSecretWeakness(secret, algorithms);
  if (weakness === undefined) return;
  const message = `${where} is ${weakness}. In production it is refused. ${FIX}`;
  if (process.env.NODE_ENV === 'production') {
    throw new JwtExtendedConfigError(message);
  }
  warn(message);
}

/** Warns through Nest's logger. */
export function logWarning(message: string): void {
  new Logger('JwtExtendedModule').warn(message);
}
