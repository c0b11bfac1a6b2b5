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

/** One algorithm of each kind of key: what is the same for all of them is shown over HTTP for these. */
export const ONE_OF_EACH_KIND: readonly Algorithm[] = ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA'];

export const BAD_SIGNATURE = 'Signature verification failed';
export const BAD_SPELLING = 'Invalid crypto padding';
export const BAD_ALGORITHM = 'The specified alg value is not allowed';

/** The same in every run, so that a signature that does not involve chance is the same too. */
const CLAIMS = accessClaims({
  jti: '4f1c2a5e-8d3b-4c6a-9e7f-0a1b2c3d4e5f',
  csrf: '5e2d3b6f-9c4a-4d7b-8f60-1b2c3d4e5f60',
  iat: NOW,
  nbf: NOW,
  exp: NOW + 900,
});

/** A good token, and tokens that are like it but for one thing, by name. */
export interface Attempt {
  readonly twin: string;
  readonly forged: Readonly<Record<string, string>>;
  /** What every one of them is refused with; a signature that does not fit unless said otherwise. */
  readonly reason?: string;
}

/** Attempts of one kind: the end of the sentence "refuses …", and what makes them. */
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

/** A text's signature, whatever the text calls itself. */
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

/** Tokens of one text, by what their signatures are. */
export function tokensWith(
  input: string,
  signatures: Readonly<Record<string, Buffer>>,
): Record<string, string> {
  const tokens = Object.entries(signatures).map(([what, bytes]) => [what, joined(input, bytes)]);
  return Object.fromEntries(tokens) as Record<string, string>;
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

/** What comes of a token, in words. Anything thrown but a `TokenError` is a fault of its own. */
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
 * Tries every family on `decodeToken`: all that is forged is refused, and with nothing but its reason; the twin, made
 * by the same hands with nothing amiss, is let in before and after, or the refusals would prove nothing.
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
