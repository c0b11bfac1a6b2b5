import { createPublicKey, KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';
import type { Algorithm, JsonWebKey } from '../../../src/index.js';
import { configureKeys } from '../../../src/keys/configure-keys.js';
import { type ParsedToken, parseToken } from '../../../src/tokens/compact-jws.js';
import { verifySignature } from '../../../src/tokens/signature.js';
import { Clock } from '../../support/forge.js';
import { refusalOf, startTokens } from '../../support/tokens.js';

/** A token that stands in a standard, with the key that signed it. */
interface Vector {
  readonly name: string;
  readonly algorithm: Algorithm;
  /** The private half where the standard gives it, or else the public one. */
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

/** What Bilbo used to tell Frodo: text, and no JSON. */
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
  d:
    'bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3X' +
    'TGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe' +
    '04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07' +
    'lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ',
  p:
    '3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N' +
    '2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k',
  q:
    'uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHT' +
    'eZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc',
  dp:
    'B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt2' +
    '6gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik',
  dq:
    'CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTxYWZDm6sI6og5' +
    'iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8',
  qi:
    '3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfB' +
    'dYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4',
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
      d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
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
      d: 'AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C',
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
      d: 'AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt',
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
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
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
  return { secret: undefined, algorithm, [jwk.d ? 'privateKey' : 'publicKey']: jwk };
}

/** The key as our importer takes it, and as it verifies. */
function verificationKeyOf(vector: Vector) {
  const { verificationKey: key, algorithms } = configureKeys(optionsOf(vector));
  expect(key).toBeInstanceOf(KeyObject);
  return { key: key as KeyObject, algorithms };
}

/** As our parser takes it apart, with joe's claims where it would refuse the payload: what is signed is the whole. */
function takenApart(vector: Vector): ParsedToken {
  const parsed = parseToken(tokenOf({ ...vector, payload: JOE }), 8192);
  return { ...parsed, encoded: tokenOf(vector) };
}

/** Verifies a vector's signature, and nothing else of it, with the key of one. */
async function verified(vector: Vector, keyOf: Vector): Promise<void> {
  verifySignature(takenApart(vector), verificationKeyOf(keyOf));
}

/** The same vector with the lowest bit of a part's first byte flipped. */
function altered(vector: Vector, part: 'payload' | 'signature'): Vector {
  const bytes = Buffer.from(vector[part], 'base64url');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return { ...vector, [part]: bytes.toString('base64url') };
}

describe.each(VECTORS)('The token of $name, $algorithm', (vector) => {
  it('is verified with its key', async () => {
    await verified(vector, vector);
    // The control: another library finds the vector to be what the standard says.
    await expect(compactVerify(tokenOf(vector), verifyingKeyOf(vector))).resolves.toMatchObject({
      protectedHeader: { alg: vector.algorithm },
    });
  });

  it.each(['payload', 'signature'] as const)(
    'is refused if one bit of its %s is flipped',
    async (part) => {
      const outcome = verified(altered(vector, part), vector);

      expect(await refusalOf(outcome)).toEqual({
        name: 'InvalidTokenError',
        code: 'TOKEN_INVALID',
        message: 'Signature verification failed',
      });
    },
  );

  it('is refused with the key of any other vector', async () => {
    for (const other of VECTORS.filter((one) => one !== vector)) {
      const outcome = verified(vector, other);

      expect(await refusalOf(outcome)).toMatchObject({ name: 'InvalidTokenError' });
    }
  });
});

describe.each(OF_CLAIMS)('The claims of $name, $algorithm', (vector) => {
  it('are accepted if the options require nothing that they lack', async () => {
    const { claims, header } = parseToken(tokenOf(vector), 8192);
    const { tokens } = await startTokens({
      ...optionsOf(vector),
      acceptForeignTokens: true,
      identityClaim: 'http://example.com/is_root',
      clock: new Clock(JOES_EXPIRY - 1).now,
    });

    const token = await tokens.decodeToken(tokenOf(vector));

    expect(token).toMatchObject({ header, claims, identity: true, type: 'access' });
    expect(claims).toEqual({
      iss: 'joe',
      exp: JOES_EXPIRY,
      'http://example.com/is_root': true,
    });
  });

  it('are refused after they have expired', async () => {
    const { tokens } = await startTokens({
      ...optionsOf(vector),
      acceptForeignTokens: true,
      identityClaim: 'http://example.com/is_root',
      clock: new Clock(JOES_EXPIRY).now,
    });

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
  });

  it('are refused under default options for the claim that they lack', async () => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message: 'Missing claim: jti',
    });
  });
});

describe.each(OF_TEXT)('The text of $name, $algorithm', (vector) => {
  it('is refused because it is not JSON, although its signature is good (R11)', async () => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(tokenOf(vector)))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message: 'Invalid payload string: not valid JSON',
    });
  });
});

describe('The token of RFC 7515 appendix A.5, which has no signature', () => {
  it.each(VECTORS)('is refused with the key of $name (R1)', async (vector) => {
    const { tokens } = await startTokens(optionsOf(vector));

    expect(await refusalOf(tokens.decodeToken(`eyJhbGciOiJub25lIn0.${JOE}.`))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message: 'The specified alg value is not allowed',
    });
  });
});

function verifyingKeyOf({ jwk }: Vector): KeyObject | Uint8Array {
  if (jwk.kty === 'oct') return Buffer.from(jwk.k as string, 'base64url');
  return createPublicKey({ key: jwk, format: 'jwk' });
}
