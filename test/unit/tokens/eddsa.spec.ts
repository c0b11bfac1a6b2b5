import { describe, expect, it } from '@jest/globals';
import { verify } from 'node:crypto';
import { signEdDsa, verifyEdDsa } from '../../../src/tokens/signature.js';
import { ecPair, ed25519Pair } from '../../support/keys.js';
import { claimsOf, headerOf, rejectionOf } from '../../support/tokens.js';

const { privateKey, publicKey } = ed25519Pair();
const header = { alg: 'EdDSA', typ: 'JWT' };
const algorithms = ['EdDSA'] as const;

describe('EdDSA', () => {
  it('signs header and claims just as they are', async () => {
    const encoded = await signEdDsa({ sub: 'ä', nested: { list: [1, null] } }, header, privateKey);

    expect(headerOf(encoded)).toEqual(header);
    expect(claimsOf(encoded)).toEqual({ sub: 'ä', nested: { list: [1, null] } });
    const [head, payload, signature = ''] = encoded.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    expect(verify(null, Buffer.from(`${head}.${payload}`), publicKey, bytes)).toBe(true);
  });

  it('is the same signature every time (RFC 8032 section 5.1.6)', async () => {
    const signed = () => signEdDsa({ sub: 'alice' }, header, privateKey);

    expect(await signed()).toBe(await signed());
  });

  it('verifies what was signed, and nothing else', async () => {
    const encoded = await signEdDsa({ sub: 'alice' }, header, privateKey);
    const other = await signEdDsa({ sub: 'bob' }, header, privateKey);
    const grafted = [...encoded.split('.').slice(0, 2), other.split('.')[2]].join('.');

    await verifyEdDsa(encoded, { key: publicKey, algorithms });
    await rejectionOf(verifyEdDsa(grafted, { key: publicKey, algorithms }));
    const { publicKey: stranger } = ed25519Pair('second');
    await rejectionOf(verifyEdDsa(encoded, { key: stranger, algorithms }));
    await rejectionOf(verifyEdDsa(encoded, { key: ecPair().publicKey, algorithms }));
    await rejectionOf(verifyEdDsa(encoded, { key: publicKey, algorithms: ['ES256'] }));
  });
});
