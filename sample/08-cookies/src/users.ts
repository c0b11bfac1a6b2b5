import { timingSafeEqual } from 'node:crypto';

const PASSWORD = Buffer.from('wonderland');

/** The username, if the password is right. A real application compares with a hash, as the quick start does. */
export function authenticate(username: unknown, password: unknown): string | undefined {
  const given = Buffer.from(typeof password === 'string' ? password : '');
  const isRight = given.length === PASSWORD.length && timingSafeEqual(given, PASSWORD);
  return username === 'alice' && isRight ? username : undefined;
}
