import { createHmac, randomUUID } from 'node:crypto';
import { TestClock } from '../../src/testing/test-clock.js';

/** Long and random enough for every HMAC algorithm. */
export const SECRET =
  'h4Kq2vN8sXw6ZtYb1LrPcD9mGfJ3eUoA7iTxSnVhRkQyBzWgMdCpEaLuFjOl5H0'.padEnd(64, '_') + 'xE7w';

/** The time at which a stopped clock starts, in seconds. */
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

/** The claims of an access token of Flask-JWT-Extended, with changes; `undefined` removes a claim. */
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

/** Signs any header and payload without this library; they may be text that is not JSON. */
export function forgeToken(
  payload: unknown,
  header: unknown = { alg: 'HS256', typ: 'JWT' },
  secret: string | Buffer = SECRET,
): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** A segment: the JSON of a value, or unchanged text or bytes. */
export function segment(part: unknown): string {
  const isRaw = typeof part === 'string' || Buffer.isBuffer(part);
  return Buffer.from(isRaw ? part : JSON.stringify(part)).toString('base64url');
}
