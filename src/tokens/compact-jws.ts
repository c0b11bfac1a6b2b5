import { isUtf8 } from 'node:buffer';
import { BoundedCache } from '../common/bounded-cache.js';
import { deepFreeze } from '../common/deep-freeze.js';
import type { Claims, TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { isKeyId } from '../keys/jwk.js';
import { mediaType } from '../options/issuer-options.js';

/** In characters; the headers of all known issuers are shorter. */
const MAX_HEADER_LENGTH = 2048;

/** The characters of a bearer token (RFC 6750 section 2.1). */
const TOKEN68 = /^[A-Za-z0-9._~+/-]+=*$/;

/** @throws InvalidTokenError - with this message, for a text that has other characters */
export function requireToken68(encoded: unknown, refusal: string): void {
  if (typeof encoded !== 'string' || !TOKEN68.test(encoded)) throw new InvalidTokenError(refusal);
}

/** A decoded token. Nothing in it is verified. */
export interface ParsedToken {
  readonly encoded: string;
  readonly header: TokenHeader;
  readonly claims: Claims;
}

/**
 * Decodes a compact JWS (RFC 7515 section 7.1): length, three canonical segments, two JSON objects.
 *
 * @throws InvalidTokenError
 */
export function parseToken(encoded: unknown, maxLength: number): ParsedToken {
  if (typeof encoded !== 'string')
    throw new InvalidTokenError("Invalid token type. Token must be a <class 'bytes'>");
  if (encoded.length > maxLength) throw new InvalidTokenError('Token is too long');

  const [header, payload, signature, extra] = encoded.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined)
    throw new InvalidTokenError('Not enough segments');
  if (header.length > MAX_HEADER_LENGTH) throw new InvalidTokenError('Token is too long');

  const headerObject = parseHeader(header);
  if (extra !== undefined) throw new InvalidTokenError('Invalid payload padding');
  const payloadText = textOf(decodeSegment(payload, 'payload'));
  requireCanonical(signature, 'crypto');
  return { encoded, header: headerObject, claims: parseObject(payloadText, 'payload') };
}

/**
 * Checks a header before its token is verified (RFC 7515 section 4, RFC 8725 section 3).
 *
 * @param types - the accepted media types; `null` for a header without `typ`
 * @throws InvalidTokenError
 */
export function checkHeader(
  header: TokenHeader,
  algorithms: readonly string[],
  types: ReadonlySet<string | null>,
): void {
  checkHeaderShape(header);
  const { alg, cty }: { readonly alg?: unknown; readonly cty?: unknown } = header;
  if (alg === undefined) throw new InvalidTokenError('Algorithm not specified');
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    throw new InvalidTokenError('The specified alg value is not allowed');
  if (!types.has(mediaType(header.typ) ?? null)) throw new InvalidTokenError('Invalid header: typ');
  // It would announce a token inside the token.
  if (mediaType(cty) === 'jwt') throw new InvalidTokenError('Invalid header: cty');
}

/** The checks that an unverified header must pass, too: `kid`, `crit` and parameters that no token of ours has. */
export function checkHeaderShape(header: TokenHeader): void {
  const kid: unknown = header.kid;
  if (kid !== undefined && !isKeyId(kid))
    throw new InvalidTokenError('Key ID header parameter must be a string');
  if (Object.hasOwn(header, 'crit')) throw new InvalidTokenError(criticalReason(header.crit));
  const unsupported = UNSUPPORTED.find((name) => Object.hasOwn(header, name));
  if (unsupported) throw new InvalidTokenError(`Invalid header: ${unsupported}`);
}

/** Parameters that would change what is signed or what the payload is. */
const UNSUPPORTED = ['b64', 'zip', 'enc'] as const;

const PLAIN_NAME = /^[\w.-]{1,64}$/;

/** Every `crit` is refused, because no extension is supported. The message names a plain one, as PyJWT does. */
function criticalReason(crit: unknown): string {
  const name: unknown = Array.isArray(crit) ? crit[0] : undefined;
  return typeof name === 'string' && PLAIN_NAME.test(name)
    ? `Unsupported critical extension: ${name}`
    : 'Invalid header: crit';
}

/** All tokens of one key have the same header, so that a few entries serve every honest client. */
const headers = new BoundedCache<TokenHeader>({ entriesPerGeneration: 32 });

/** Gives the same object for the same text, if {@link rememberHeader} was called; it is frozen for that reason. */
function parseHeader(segment: string): TokenHeader {
  const known = headers.get(segment);
  if (known) return known;
  return deepFreeze(parseObject(textOf(decodeSegment(segment, 'header')), 'header') as TokenHeader);
}

/** To be called for a token that was verified, so that bad tokens drop no header that is needed. */
export function rememberHeader({ encoded, header }: ParsedToken): void {
  const segment = encoded.slice(0, encoded.indexOf('.'));
  if (headers.get(segment) !== header) headers.set(ownCopyOf(segment), header);
}

/** The same characters of Latin-1 in a string that keeps no longer one alive, such as the whole header of a request. */
export function ownCopyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

type Part = 'header' | 'payload' | 'crypto';

function decodeSegment(segment: string, part: Part): Buffer {
  requireCanonical(segment, part);
  return Buffer.from(segment, 'base64url');
}

const BASE64URL = /^[\w-]*$/;

/** The last characters that leave no bit over, by the number of characters that follow the last four. */
const LAST_CHARACTERS = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048'];

/** Accepts only the canonical spelling, so that one signature has one text (RFC 4648 section 3.5). */
function requireCanonical(segment: string, part: Part): void {
  const allowed = LAST_CHARACTERS[segment.length % 4];
  const isEndCanonical = allowed === undefined || allowed.includes(segment.at(-1) ?? '.');
  if (!isEndCanonical || !BASE64URL.test(segment))
    throw new InvalidTokenError(`Invalid ${part} padding`);
}

/** JSON is UTF-8 (RFC 8259 section 8.1). Other bytes become an empty text, which no parser accepts. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : '';
}

/** Drops the parser's own error, because it quotes the input. */
function parseObject(text: string, part: 'header' | 'payload'): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidTokenError(`Invalid ${part} string: not valid JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidTokenError(`Invalid ${part} string: must be a json object`);
  return value as Record<string, unknown>;
}
