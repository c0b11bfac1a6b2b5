import { createHash, createSecretKey, sign as signBytes, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compactVerify, EmbeddedJWK } from 'jose';
import type { Algorithm } from '../../../src/index.js';
import { Clock } from '../../support/forge.js';
import { JwksServer, published } from '../../support/jwks-server.js';
import {
  attackedKeys,
  BAD_ALGORITHM,
  BAD_SIGNATURE,
  der,
  describeAttacks,
  describeAttacksOverHttp,
  type Family,
  inputOf,
  joined,
  mapped,
  ONE_OF_EACH_KIND,
  signatureOf,
  signedToken,
  verdictOn,
} from '../../support/mutations.js';
import { headerOf, startTokens } from '../../support/tokens.js';

const ISSUER = 'https://issuer.example';
const PAIRS = ONE_OF_EACH_KIND.filter((algorithm) => !algorithm.startsWith('HS'));

/** Publishes all of the attacker's keys. */
let attacker: JwksServer;

beforeAll(async () => {
  attacker = await JwksServer.start(...PAIRS.map((algorithm) => attackersJwk(algorithm)));
});
afterAll(() => attacker.stop());

function attackersJwk(algorithm: Algorithm): object {
  const { verifying } = attackedKeys(algorithm, 'attacker');
  return published(verifying, { kid: `attacker ${algorithm}`, use: undefined });
}

/** A token that the attacker has signed, with more members in its header. */
function attackersToken(algorithm: Algorithm, header: object, claims: object = {}): string {
  const input = inputOf(algorithm, header, claims);
  return joined(input, signatureOf(input, algorithm, attackedKeys(algorithm, 'attacker').signing));
}

/** The signature algorithms of certificates (RFC 5280 section 4.1.1.2). */
const CERTIFIED_WITH: Readonly<Record<string, readonly [oid: string, hash: string | null]>> = {
  rsa: ['2a864886f70d01010b', 'sha256'],
  ec: ['2a8648ce3d040302', 'sha256'],
  ed25519: ['2b6570', null],
};

/** The attacker's self-signed certificate (RFC 5280 section 4.1). */
function certificateOf(algorithm: Algorithm): Buffer {
  const { signing, verifying } = attackedKeys(algorithm, 'attacker');
  const kind = verifying.asymmetricKeyType ?? '';
  const [oid, hash] = CERTIFIED_WITH[kind] ?? ['', null];
  const parameters = kind === 'rsa' ? der(0x05) : Buffer.alloc(0);
  const method = der(0x30, der(0x06, Buffer.from(oid, 'hex')), parameters);
  const commonName = der(0x30, der(0x06, Buffer.of(0x55, 4, 3)), der(0x0c, Buffer.from('issuer')));
  const name = der(0x30, der(0x31, commonName));
  const moment = (text: string) => der(0x17, Buffer.from(text));
  const content = der(
    0x30,
    der(0x02, Buffer.of(1)),
    method,
    name,
    der(0x30, moment('260101000000Z'), moment('490101000000Z')),
    name,
    verifying.export({ format: 'der', type: 'spki' }),
  );
  const signature = signBytes(hash, content, signing);
  return der(0x30, content, method, der(0x03, Buffer.of(0), signature));
}

/** The ways in which a header names or contains a key (RFC 7515 sections 4.1.2 to 4.1.8). */
function carriersOf(algorithm: Algorithm): Record<string, Record<string, object>> {
  const jwk = attackersJwk(algorithm);
  const { d } = attackedKeys(algorithm, 'attacker').signing.export({ format: 'jwk' });
  const key = { ...jwk, alg: algorithm, use: 'sig' };
  const { uri } = attacker;
  const kid = `attacker ${algorithm}`;
  const data = encodeURIComponent(JSON.stringify({ keys: [jwk] }));
  const carriers = {
    'as jwk': {
      'as it is': { jwk },
      'with its use': { jwk: key },
      'with a kid': { jwk: key, kid: 'current' },
      'with the private key': { jwk: { ...jwk, d } },
      'in a set': { jwk: { keys: [jwk] } },
      'in a list': { jwk: [jwk] },
      'as text': { jwk: JSON.stringify(jwk) },
    },
    'as jku': {
      'by its address': { jku: uri },
      'with its kid': { jku: uri, kid },
      'in a list': { jku: [uri] },
      'as a data address': { jku: `data:application/json,${data}` },
      'as a file': { jku: 'file:///jwks.json' },
    },
    'as x5u': {
      'by its address': { x5u: uri },
      'with its kid': { x5u: uri, kid },
    },
    'as kid': {
      'its address': { kid: uri },
      'its own id': { kid },
      'a file that is empty': { kid: '../../../../../../dev/null' },
      'an address without a scheme': { kid: uri.slice('http:'.length) },
      'a query': { kid: "x' UNION SELECT 'attacker" },
      'a command': { kid: '| cat /dev/null' },
    },
  };
  if (algorithm.startsWith('HS')) return carriers;
  const certificate = certificateOf(algorithm);
  const base64 = certificate.toString('base64');
  const thumbprint = (hash: string) => createHash(hash).update(certificate).digest('base64url');
  return {
    ...carriers,
    'as x5c': {
      'a chain of one': { x5c: [base64] },
      'a longer chain': { x5c: [base64, 'MAA='] },
      'in base64url': { x5c: [certificate.toString('base64url')] },
      'not in a list': { x5c: base64 },
      'with its thumbprint': { x5c: [base64], 'x5t#S256': thumbprint('sha256') },
    },
    'as x5t': {
      'its SHA-1': { x5t: thumbprint('sha1') },
      'its SHA-256': { 'x5t#S256': thumbprint('sha256') },
    },
    'in every way at once': { 'all of them': { jwk, jku: uri, x5c: [base64] } },
  };
}

const CARRIERS = ['as jwk', 'as jku', 'as x5u', 'as kid'];
const CARRIERS_OF_PAIRS = [...CARRIERS, 'as x5c', 'as x5t', 'in every way at once'];

function familiesOf(algorithm: Algorithm): readonly Family[] {
  const carriers = algorithm.startsWith('HS') ? CARRIERS : CARRIERS_OF_PAIRS;
  return carriers.map((how): Family => {
    const make = () => {
      const headers = carriersOf(algorithm)[how] ?? {};
      return {
        // The header is ignored: with our own signature the token is accepted.
        twin: signedToken(algorithm, inputOf(algorithm, Object.values(headers)[0])),
        forged: mapped(headers, (header) => attackersToken(algorithm, header)),
      };
    };
    return [`a token whose header carries its key ${how} (R5)`, make];
  });
}

for (const algorithm of ONE_OF_EACH_KIND) {
  const { options } = attackedKeys(algorithm);
  describeAttacks(`A module that verifies ${algorithm}`, options, familiesOf(algorithm));
  describeAttacksOverHttp(
    `A route of a module that verifies ${algorithm}`,
    options,
    familiesOf(algorithm),
  );
}

describe.each(PAIRS)("The attacker's tokens of %s", (algorithm) => {
  it('pass a verifier that trusts the key in them', async () => {
    const token = attackersToken(algorithm, { jwk: attackersJwk(algorithm) });

    await expect(compactVerify(token, EmbeddedJWK)).resolves.toMatchObject({
      protectedHeader: { alg: algorithm },
    });
  });

  it('pass a verifier that trusts the certificate in them', async () => {
    const token = attackersToken(algorithm, { x5c: [certificateOf(algorithm).toString('base64')] });
    const [chain] = headerOf(token).x5c as string[];
    const certificate = new X509Certificate(Buffer.from(chain as string, 'base64'));

    expect(certificate.verify(certificate.publicKey)).toBe(true);
    await expect(compactVerify(token, certificate.publicKey)).resolves.toMatchObject({
      protectedHeader: { alg: algorithm },
    });
  });
});

describe('A module that trusts the key set of another issuer', () => {
  it('fetches unknown keys from that issuer, and never from an address in a token (R5)', async () => {
    const { signing, verifying } = attackedKeys('ES256', 'issuer');
    const issuer = await JwksServer.start(published(verifying, { kid: 'issuer' }));
    const { tokens } = await startTokens({
      secret: undefined,
      issuers: [{ issuer: ISSUER, audience: false, algorithms: ['ES256'], jwksUri: issuer.uri }],
      clock: new Clock().now,
    });
    const theirs = { iss: ISSUER };
    const twin = inputOf('ES256', { kid: 'issuer', jku: attacker.uri }, theirs);

    const verdicts = await Promise.all(
      Object.values(carriersOf('ES256'))
        .flatMap((headers) => Object.values(headers))
        .flatMap((header) => [
          attackersToken('ES256', { ...header, kid: 'issuer' }, theirs),
          attackersToken('ES256', { ...header, kid: 'attacker ES256' }, theirs),
        ])
        .map((token) => verdictOn(tokens, token)),
    );
    const verdict = await verdictOn(tokens, joined(twin, signatureOf(twin, 'ES256', signing)));
    await issuer.stop();

    expect(new Set(verdicts)).toEqual(new Set([`422 TOKEN_INVALID: ${BAD_SIGNATURE}`]));
    expect(verdict).toBe('let in as alice');
    expect([issuer.requests, attacker.requests]).toEqual([1, 0]);
  });
});

describe('A secret in the header of a token', () => {
  it('is never used, empty or not, under any algorithm (R4, R5)', async () => {
    const secrets = [createSecretKey(Buffer.alloc(0)), attackedKeys('HS256', 'attacker').signing];
    for (const algorithm of ONE_OF_EACH_KIND) {
      const { options } = attackedKeys(algorithm);
      const { tokens } = await startTokens({ ...options, clock: new Clock().now });
      const reason = algorithm === 'HS256' ? BAD_SIGNATURE : BAD_ALGORITHM;
      for (const secret of secrets) {
        const jwk = { kty: 'oct', k: secret.export().toString('base64url') };
        const input = inputOf('HS256', { jwk });

        expect(await verdictOn(tokens, joined(input, signatureOf(input, 'HS256', secret)))).toBe(
          `422 TOKEN_INVALID: ${reason}`,
        );
      }
    }
  });
});

describe("The attacker's server", () => {
  it('received no request (R5)', async () => {
    expect(attacker.requests).toBe(0);
    await fetch(attacker.uri);
    expect(attacker.requests).toBe(1);
  });
});
