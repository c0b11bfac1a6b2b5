import { sign as signText, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  type Algorithm,
  type JwtExtendedOptions,
  TokenError,
  type TokenService,
} from '../../src/index.js';
import { createApp, type RunningApp } from './app.js';
import { accessClaims, Clock, NOW, segment } from './forge.js';
import { ed25519Pair } from './keys.js';
import {
  ALGORITHMS,
  type AlgorithmKeys,
  keysOf,
  signText as signTextAs,
  startTokens,
} from './tokens.js';

export const EVERY_ALGORITHM: readonly Algorithm[] = [...ALGORITHMS, 'EdDSA'];

/** One algorithm of each kind of key, for tests over HTTP. */
export const ONE_OF_EACH_KIND: readonly Algorithm[] = ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'];

export const BAD_SIGNATURE = 'Signature verification failed';
export const BAD_SPELLING = 'Invalid crypto padding';
export const BAD_ALGORITHM = 'The specified alg value is not allowed';

/** The same in every run, and so are the signatures that do not use random numbers. */
const CLAIMS = accessClaims({
  jti: '4f1c2a5e-8d3b-4c6a-9e7f-0a1b2c3d4e5f',
  csrf: '5e2d3b6f-9c4a-4d7b-8f60-1b2c3d4e5f60',
  iat: NOW,
  nbf: NOW,
  exp: NOW + 900,
});

/** A good token, and by name tokens that differ from it in one thing. */
export interface Attempt {
  readonly twin: string;
  readonly forged: Readonly<Record<string, string>>;
  /** The message of each refusal, which is that of a bad signature by default. */
  readonly reason?: string;
}

/** Attempts of one kind: the end of the sentence "refuses …", and a function that makes them. */
export type Family = readonly [refuses: string, make: () => Attempt];

/** The keys of any algorithm. */
export function attackedKeys(algorithm: Algorithm, name = 'first'): AlgorithmKeys {
  if (algorithm !== 'EdDSA') return keysOf(algorithm, name);
  const { privateKey, publicKey } = ed25519Pair(name);
  const options = { secret: undefined, privateKey, publicKey, algorithm };
  return { options, signing: privateKey, verifying: publicKey };
}

/** Header and claims as they are signed, under the algorithm's name unless the changes give another one. */
export function inputOf(algorithm: Algorithm, header: object = {}, claims: object = {}): string {
  return `${segment({ alg: algorithm, typ: 'JWT', ...header })}.${segment({ ...CLAIMS, ...claims })}`;
}

/** The signature of any text; its header may name another algorithm. */
export function signatureOf(
  input: string,
  algorithm: Algorithm,
  key: KeyObject = attackedKeys(algorithm).signing,
): Buffer {
  if (algorithm === 'EdDSA') return signText(null, Buffer.from(input), key);
  return Buffer.from(signTextAs(input, algorithm, key), 'base64url');
}

export function joined(input: string, signature: Buffer): string {
  return `${input}.${signature.toString('base64url')}`;
}

export function signedToken(algorithm: Algorithm, input = inputOf(algorithm)): string {
  return joined(input, signatureOf(input, algorithm));
}

/** Attacks of several kinds that have a reason in common; bytes are a signature of the twin's text, text is a token. */
export function familiesOf(
  twin: string,
  reason: string,
  attacks: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>>,
): Family[] {
  const input = twin.slice(0, twin.lastIndexOf('.'));
  return Object.entries(attacks).map(([refuses, forgeries]) => {
    const forged = mapped(forgeries, (forgery) =>
      typeof forgery === 'string' ? forgery : joined(input, forgery),
    );
    return [refuses, () => ({ twin, forged, reason })];
  });
}

export function byName<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)]));
}

export function mapped<From, To>(
  values: Readonly<Record<string, From>>,
  make: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(value)]));
}

export function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** A copy of the bytes in which one byte is another; a negative place counts from the end. */
export function withByte(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const place = (at + bytes.length) % bytes.length;
  copy.writeUInt8(change(bytes.readUInt8(place)), place);
  return copy;
}

/** Big-endian, in so many bytes (RFC 8017 section 4.1). */
export function bytesOf(number: bigint, length: number): Buffer {
  return Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex');
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** A value of DER: tag, length in the shortest form, content (X.690 section 8.1). */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : [tag, ...long]), content]);
}

/** Whether a token is accepted, in words. Any error but a `TokenError` fails the test. */
export async function verdictOn(tokens: TokenService, token: string): Promise<string> {
  try {
    const { identity } = await tokens.decodeToken(token);
    return `let in as ${identity}`;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return `${error.getStatus()} ${error.code}: ${error.message}`;
  }
}

let reached = 0;

@Controller()
class GuardedController {
  @UseGuards(AccessGuard)
  @Get('guarded')
  guarded(): string {
    reached++;
    return 'in';
  }
}

/**
 * Tries every family on `decodeToken`: each forgery is refused with its reason. The twin, which is made in the same way
 * without the defect, is accepted before and after; otherwise the refusals would prove nothing.
 */
export function describeAttacks(
  title: string,
  options: JwtExtendedOptions,
  families: readonly Family[],
): void {
  describe(title, () => {
    let tokens: TokenService;

    beforeAll(async () => {
      ({ tokens } = await startTokens({ ...options, clock: new Clock().now }));
    });

    it.each(families)('refuses %s', async (_, make) => {
      const { twin, forged, reason = BAD_SIGNATURE } = make();
      const before = await verdictOn(tokens, twin);
      const verdicts: string[] = [];
      for (const [what, token] of Object.entries(forged)) {
        verdicts.push(`${what}: ${await verdictOn(tokens, token)}`);
      }

      const names = Object.keys(forged);
      expect(verdicts).toEqual(names.map((what) => `${what}: 422 TOKEN_INVALID: ${reason}`));
      expect(names).not.toHaveLength(0);
      expect([before, await verdictOn(tokens, twin)]).toEqual([
        'let in as alice',
        'let in as alice',
      ]);
    });
  });
}

/** Presents the first forgery of every family, and its twin, to a guarded route. */
export function describeAttacksOverHttp(
  title: string,
  options: JwtExtendedOptions,
  families: readonly Family[],
): void {
  describe(title, () => {
    let app: RunningApp;

    beforeAll(async () => {
      const clock = new Clock().now;
      app = await createApp('fastify', {
        controllers: [GuardedController],
        options: { ...options, clock, errorCodeKey: 'code' },
      });
    });
    afterAll(() => app.close());

    it.each(families)('refuses %s', async (_, make) => {
      const { twin, forged, reason = BAD_SIGNATURE } = make();
      const before = reached;
      const refused = await app.send('GET', '/guarded', { token: Object.values(forged)[0] });
      const reachedByForgery = reached - before;
      const accepted = await app.send('GET', '/guarded', { token: twin });

      expect({ status: refused.status, body: refused.body, reachedByForgery }).toEqual({
        status: 422,
        body: { msg: reason, code: 'TOKEN_INVALID' },
        reachedByForgery: 0,
      });
      expect({ status: accepted.status, body: accepted.body }).toEqual({ status: 200, body: 'in' });
    });
  });
}
