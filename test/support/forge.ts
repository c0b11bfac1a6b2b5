import { createHmac, randomUUID } from 'node:crypto';
import { TestClock } from '../../src/testing/test-clock.js';

/** Long and random enough for every HMAC algorithm. */
export const SECRET =
  'h4Kq2vN8sXw6ZtYb1LrPcD9mGfJ3eUoA7iTxSnVhRkQyBzWgMdCpEaLuFjOl5H0'.padEnd(64, '_') + 'xE7w';

/** The moment at which the tests' tokens are made, when a clock is moved by hand. */
export const NOW = 1_795_000_000;

/** A clock that stands still until it is moved; the unit is seconds. */
export class Clock extends TestClock {
  constructor(seconds: number = NOW) {
    super(new Date(seconds * 1000));
  }

  get seconds(): number {
    return this.now().getTime() / 1000;
  }

  set seconds(seconds: number) {
    this.set(new Date(Math.round(seconds * 1000)));
  }

  forward(seconds: number): void {
    this.seconds += seconds;
  }
}

/** The claims of an access token as Flask-JWT-Extended would make it, with changes; `undefined` takes a claim away. */
export function accessClaims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  const claims: Record<string, unknown> = {
    fresh: false,
    iat: now,
    jti: randomUUID(),
    type: 'access',
    sub: 'alice',
    nbf: now,
    csrf: randomUUID(),
    exp: now + 900,
    ...changes,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** Signs whatever it is given, with no library of ours in between: header and payload may be text that is no JSON. */
export function forgeToken(
  payload: unknown,
  header: unknown = { alg: 'HS256', typ: 'JWT' },
  secret: string | Buffer = SECRET,
): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** A segment: JSON of a value, or text and bytes as they are. */
export function segment(part: unknown): string {
  const isRaw = typeof part === 'string' || Buffer.isBuffer(part);
  return Buffer.from(isRaw ? part : JSON.stringify(part)).toString('base64url');
}
