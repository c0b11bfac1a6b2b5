import {
  createHash,
  createSecretKey,
  type KeyObject,
  sign as signBytes,
  X509Certificate,
} from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compactVerify, EmbeddedJWK } from 'jose';
import type { Algorithm } from '../../../src/index.js';
import { Clock } from '../../support/forge.js';
import {
  attackedKeys,
  BAD_SIGNATURE,
  der,
  describeAttacks,
  describeAttacksOverHttp,
  type Family,
  inputOf,
  joined,
  ONE_OF_EACH_KIND,
  signatureOf,
  signedToken,
  verdictOn,
} from '../../support/mutations.js';
import { headerOf, startTokens } from '../../support/tokens.js';

const PAIRS = ONE_OF_EACH_KIND.filter((algorithm) => !algorithm.startsWith('HS'));

/** Requests to the attacker's server, which serves all of the attacker's keys. */
const fetched: string[] = [];
let attacker: Server;
let url: string;

beforeAll(async () => {
  attacker = createServer(({ url: path = '' }, response) => {
    fetched.push(path);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: PAIRS.map((name) => attackersJwk(name)) }));
  });
  url = await listening(attacker);
});
afterAll(() => closed(attacker));

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

function closed(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

function attackersJwk(algorithm: Algorithm): object {
  const { verifying } = attackedKeys(algorithm, 'attacker');
  return { ...verifying.export({ format: 'jwk' }), kid: `attacker ${algorithm}` };
}

/** A token that the attacker has signed, with more members in its header. */
function attackersToken(algorithm: Algorithm, header: object): string {
  const input = inputOf(algorithm, header);
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
function carriersOf(algorithm: Algorithm): Record<string, () => Record<string, object>> {
  const jwk = attackersJwk(algorithm);
  const { d } = attackedKeys(algorithm, 'attacker').signing.export({ format: 'jwk' });
  const key = { ...jwk, alg: algorithm, use: 'sig' };
  const carriers: Record<string, () => Record<string, object>> = {
    'as jwk': () => ({
      'as it is': { jwk },
      'with its use': { jwk: key },
      'with a kid': { jwk: key, kid: 'current' },
      'with the private key': { jwk: { ...jwk, d } },
      'in a set': { jwk: { keys: [jwk] } },
      'in a list': { jwk: [jwk] },
      'as text': { jwk: JSON.stringify(jwk) },
    }),
    'as jku': () => ({
      'by its address': { jku: `${url}/jwks.json` },
      'with its kid': { jku: `${url}/jwks.json`, kid: `attacker ${algorithm}` },
      'in a list': { jku: [`${url}/jwks.json`] },
      'as a data address': {
        jku: `data:application/json,${encodeURIComponent(JSON.stringify({ keys: [jwk] }))}`,
      },
      'as a file': { jku: 'file:///jwks.json' },
    }),
    'as x5u': () => ({
      'by its address': { x5u: `${url}/chain.pem` },
      'with its kid': { x5u: `${url}/chain.pem`, kid: `attacker ${algorithm}` },
    }),
    'as kid': () => ({
      'its address': { kid: `${url}/key.pem` },
      'its own id': { kid: `attacker ${algorithm}` },
      'a file that is empty': { kid: '../../../../../../dev/null' },
      'an address without a scheme': { kid: `//${url.slice('http://'.length)}/key.pem` },
      'a query': { kid: "x' UNION SELECT 'attacker" },
      'a command': { kid: '| cat /dev/null' },
    }),
  };
  if (algorithm.startsWith('HS')) return carriers;
  const certificate = certificateOf(algorithm);
  const thumbprint = (hash: string) => createHash(hash).update(certificate).digest('base64url');
  return {
    ...carriers,
    'as x5c': () => ({
      'a chain of one': { x5c: [certificate.toString('base64')] },
      'a longer chain': { x5c: [certificate.toString('base64'), 'MAA='] },
      'in base64url': { x5c: [certificate.toString('base64url')] },
      'not in a list': { x5c: certificate.toString('base64') },
      'with its thumbprint': {
        x5c: [certificate.toString('base64')],
        'x5t#S256': thumbprint('sha256'),
      },
    }),
    'as x5t': () => ({
      'its SHA-1': { x5t: thumbprint('sha1') },
      'its SHA-256': { 'x5t#S256': thumbprint('sha256') },
    }),
    'in every way at once': () => ({
      'all of them': { jwk, jku: `${url}/jwks.json`, x5c: [certificate.toString('base64')] },
    }),
  };
}

function familiesOf(algorithm: Algorithm): readonly Family[] {
  return Object.entries(carriersOf(algorithm)).map(([how, headers]): Family => {
    const make = () => {
      const given = Object.entries(headers());
      const tokens = given.map(([what, header]) => [what, attackersToken(algorithm, header)]);
      return {
        // The header is ignored: with our own signature the token is accepted.
        twin: signedToken(algorithm, inputOf(algorithm, given[0]?.[1])),
        forged: Object.fromEntries(tokens) as Record<string, string>,
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
    const asked: string[] = [];
    const { signing, verifying } = attackedKeys('ES256', 'issuer');
    const issuer = createServer(({ url: path = '' }, response) => {
      asked.push(path);
      response.end(
        JSON.stringify({ keys: [{ ...verifying.export({ format: 'jwk' }), kid: 'issuer' }] }),
      );
    });
    const address = await listening(issuer);
    const { tokens } = await startTokens({
      secret: undefined,
      keys: { jwksUri: `${address}/jwks.json` },
      decodeAlgorithms: ['ES256'],
      clock: new Clock().now,
    });
    const fetchedBefore = fetched.length;
    const twin = inputOf('ES256', { kid: 'issuer', jku: `${url}/jwks.json` });

    const verdicts = await Promise.all(
      Object.values(carriersOf('ES256'))
        .flatMap((headers) => Object.values(headers()))
        .flatMap((header) => [
          attackersToken('ES256', { ...header, kid: 'issuer' }),
          attackersToken('ES256', { ...header, kid: 'attacker ES256' }),
        ])
        .map((token) => verdictOn(tokens, token)),
    );
    const verdict = await verdictOn(tokens, joined(twin, signatureOf(twin, 'ES256', signing)));
    await closed(issuer);

    expect(new Set(verdicts)).toEqual(new Set([`422 TOKEN_INVALID: ${BAD_SIGNATURE}`]));
    expect(verdict).toBe('let in as alice');
    expect(asked).toEqual(['/jwks.json']);
    expect(fetched).toHaveLength(fetchedBefore);
  });
});

describe('A secret in the header of a token', () => {
  it('is never used, empty or not, under any algorithm (R4, R5)', async () => {
    const verdicts: string[] = [];
    for (const algorithm of ONE_OF_EACH_KIND) {
      const { tokens } = await startTokens({
        ...attackedKeys(algorithm).options,
        clock: new Clock().now,
      });
      for (const secret of secrets()) {
        const jwk = { kty: 'oct', k: secret.export().toString('base64url') };
        const input = inputOf('HS256', { jwk });
        verdicts.push(await verdictOn(tokens, joined(input, signatureOf(input, 'HS256', secret))));
      }
    }

    expect(verdicts).toHaveLength(ONE_OF_EACH_KIND.length * 2);
    expect(new Set(verdicts)).toEqual(
      new Set([
        `422 TOKEN_INVALID: ${BAD_SIGNATURE}`,
        '422 TOKEN_INVALID: The specified alg value is not allowed',
      ]),
    );
  });
});

function secrets(): readonly KeyObject[] {
  return [createSecretKey(Buffer.alloc(0)), attackedKeys('HS256', 'attacker').signing];
}

describe("The attacker's server", () => {
  it('received no request (R5)', async () => {
    await fetch(`${url}/alive`);

    expect(fetched).toEqual(['/alive']);
  });
});
