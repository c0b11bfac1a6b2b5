import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';
import type { Algorithm, JsonWebKey } from '../../../src/index.js';
import { configureKeys } from '../../../src/keys/configure-keys.js';
import { parseToken } from '../../../src/tokens/compact-jws.js';
import { verifySignature } from '../../../src/tokens/signature.js';
import { Clock } from '../../support/forge.js';
import { refusalOf, startTokens } from '../../support/tokens.js';

/** A token that stands in a standard, with the key that signed it. */
interface Vector {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly jwk: JsonWebKey;
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

/** `{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}` */
const JOE =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
/** The second before which the claims of joe have not expired. */
const JOES_EXPIRY = 1_300_819_380;

/** A text that is not JSON. */
const FRODO =
  'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250by' +
  'B0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUg' +
  'eW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4';

/** RFC 7520 section 3.4. */
const BILBO: JsonWebKey = {
  kty: 'RSA',
  kid: 'bilbo.baggins@hobbiton.example',
  use: 'sig',
  n:
    'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMa' +
    'JMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6c' +
    'S6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwd' +
    'q_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
  e: 'AQAB',
};

const VECTORS: readonly Vector[] = [
  {
    name: 'RFC 7515 appendix A.1',
    algorithm: 'HS256',
    jwk: {
      kty: 'oct',
      k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    },
    header: 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9',
    payload: JOE,
    signature: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  },
  {
    name: 'RFC 7515 appendix A.2',
    algorithm: 'RS256',
    jwk: {
      kty: 'RSA',
      n:
        'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql' +
        'L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs' +
        'LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud' +
        'F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
      e: 'AQAB',
    },
    header: 'eyJhbGciOiJSUzI1NiJ9',
    payload: JOE,
    signature:
      'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj' +
      'Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe' +
      '7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8' +
      'np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
  },
  {
    name: 'RFC 7515 appendix A.3',
    algorithm: 'ES256',
    jwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
    header: 'eyJhbGciOiJFUzI1NiJ9',
    payload: JOE,
    signature:
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
  },
  {
    name: 'RFC 7515 appendix A.4',
    algorithm: 'ES512',
    jwk: {
      kty: 'EC',
      crv: 'P-521',
      x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
      y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
    },
    header: 'eyJhbGciOiJFUzUxMiJ9',
    payload: 'UGF5bG9hZA',
    signature:
      'AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwF' +
      'KdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn',
  },
  {
    name: 'RFC 7520 section 4.1',
    algorithm: 'RS256',
    jwk: BILBO,
    header: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9',
    payload: FRODO,
    signature:
      'MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7P' +
      'NDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9e' +
      'Ro4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4' +
      'uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg',
  },
  {
    name: 'RFC 7520 section 4.2',
    algorithm: 'PS384',
    jwk: BILBO,
    header: 'eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9',
    payload: FRODO,
    signature:
      'cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dD' +
      'DItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ij' +
      'Q7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAj' +
      'VKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw',
  },
  {
    name: 'RFC 7520 section 4.3',
    algorithm: 'ES512',
    jwk: {
      kty: 'EC',
      kid: 'bilbo.baggins@hobbiton.example',
      use: 'sig',
      crv: 'P-521',
      x: 'AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt',
      y: 'AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1',
    },
    header: 'eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9',
    payload: FRODO,
    signature:
      'AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPB' +
      'u_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2',
  },
  {
    name: 'RFC 7520 section 4.4',
    algorithm: 'HS256',
    jwk: {
      kty: 'oct',
      kid: '018c0ae5-4d9b-471b-bfd6-eef314bc7037',
      use: 'sig',
      alg: 'HS256',
      k: 'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
    },
    header: 'eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9',
    payload: FRODO,
    signature: 's0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0',
  },
  {
    name: 'RFC 8037 appendix A.4',
    algorithm: 'EdDSA',
    jwk: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
    header: 'eyJhbGciOiJFZERTQSJ9',
    payload: 'RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc',
    signature:
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  },
];

const OF_CLAIMS = VECTORS.filter(({ payload }) => payload === JOE);
const OF_TEXT = VECTORS.filter(({ payload }) => payload !== JOE);

function tokenOf({ header, payload, signature }: Vector): string {
  return `${header}.${payload}.${signature}`;
}

/** The key as an application gives it. */
function optionsOf({ jwk, algorithm }: Vector) {
  if (jwk.kty === 'oct') return { secret: jwk, algorithm };
  return { secret: undefined, algorithm, publicKey: jwk };
}

/** Verifies the signature of a vector, and nothing else of it, with the key of one. */
async function verified(vector: Vector, keyOf: Vector): Promise<void> {
  const { verificationKey, algorithms } = configureKeys(optionsOf(keyOf));
  // The parser would refuse a payload that is text; what is signed is the whole.
  const parsed = parseToken(tokenOf({ ...vector, payload: JOE }), 8192);
  const key = verificationKey as KeyObject;
  verifySignature({ ...parsed, encoded: tokenOf(vector) }, { key, algorithms });
}

/** The same vector with the lowest bit of a part's first byte flipped. */
function altered(vector: Vector, part: 'payload' | 'signature'): Vector {
  const bytes = Buffer.from(vector[part], 'base64url');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return { ...vector, [part]: bytes.toString('base64url') };
}

const invalid = (message: string) => ({
  name: 'InvalidTokenError',
  code: 'TOKEN_INVALID',
  message,
});
const BAD_SIGNATURE = invalid('Signature verification failed');

describe.each(VECTORS)('The token of $name, $algorithm', (vector) => {
  const { algorithm, jwk } = vector;

  it('is verified with its key, by this library and by jose', async () => {
    const key =
      jwk.kty === 'oct'
        ? Buffer.from(jwk.k as string, 'base64url')
        : createPublicKey({ key: jwk, format: 'jwk' });

    await verified(vector, vector);
    await expect(compactVerify(tokenOf(vector), key)).resolves.toMatchObject({
      protectedHeader: { alg: algorithm },
    });
  });

  it.each(['payload', 'signature'] as const)(
    'is refused if one bit of its %s is flipped',
    async (part) => {
      expect(await refusalOf(verified(altered(vector, part), vector))).toEqual(BAD_SIGNATURE);
    },
  );

  it('is refused with the key of any other vector', async () => {
    for (const other of VECTORS.filter((one) => one !== vector)) {
      expect(await refusalOf(verified(vector, other))).toMatchObject({ name: 'InvalidTokenError' });
    }
  });

  it('is refused without its signature, as in RFC 7515 appendix A.5 (R1)', async () => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(`eyJhbGciOiJub25lIn0.${JOE}.`))).toEqual(
      invalid('The specified alg value is not allowed'),
    );
  });
});

describe.each(OF_CLAIMS)('The claims of $name, $algorithm', (vector) => {
  const startAt = async (seconds: number) => {
    const foreign = { acceptForeignTokens: true, identityClaim: 'http://example.com/is_root' };
    return startTokens({ ...optionsOf(vector), ...foreign, clock: new Clock(seconds).now });
  };

  it('are accepted if the options require nothing that they lack', async () => {
    const { claims, header } = parseToken(tokenOf(vector), 8192);
    const { tokens } = await startAt(JOES_EXPIRY - 1);

    const token = await tokens.decodeToken(tokenOf(vector));

    expect(token).toMatchObject({ header, claims, identity: true, type: 'access' });
    expect(claims).toEqual({ iss: 'joe', exp: JOES_EXPIRY, 'http://example.com/is_root': true });
  });

  it('are refused after they have expired', async () => {
    const { tokens } = await startAt(JOES_EXPIRY);

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
  });

  it('are refused under default options for the claim that they lack', async () => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toEqual(
      invalid('Missing claim: jti'),
    );
  });
});

describe.each(OF_TEXT)('The text of $name, $algorithm', (vector) => {
  it('is refused because it is not JSON, although its signature is good (R11)', async () => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toEqual(
      invalid('Invalid payload string: not valid JSON'),
    );
  });
});
