import { isUtf8 } from 'node:buffer';
import { deepFreeze } from '../common/deep-freeze.js';
import type { Claims, TokenHeader } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { isKeyId } from '../keys/jwk.js';

const PLAIN_NAME = /^[\w.-]{1,64}$/;
/** Parameters that would change what is signed or what the payload is; no token of ours has them. */
const UNSUPPORTED = ['b64', 'zip', 'enc'] as const;

/** Refuses a header that asks for what is not allowed here (RFC 7515 section 4, RFC 8725 section 3). */
export function checkHeader(
  header: TokenHeader,
  algorithms: readonly string[],
  acceptForeignTokens: boolean,
): void {
  checkHeaderShape(header);
  checkAlgorithm(header.alg, algorithms);
  checkTokenForm(header, acceptForeignTokens);
}

/** What holds for a header that is only looked at, too. */
export function checkHeaderShape(header: TokenHeader): void {
  const kid: unknown = header.kid;
  if (kid !== undefined && !isKeyId(kid)) {
    throw new InvalidTokenError('Key ID header parameter must be a string');
  }
  if (Object.hasOwn(header, 'crit')) throw new InvalidTokenError(criticalReason(header.crit));
  const unsupported = UNSUPPORTED.find((name) => Object.hasOwn(header, name));
  if (unsupported) throw new InvalidTokenError(`Invalid header: ${unsupported}`);
}

function checkAlgorithm(alg: unknown, algorithms: readonly string[]): void {
  if (alg === undefined) throw new InvalidTokenError('Algorithm not specified');
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw new InvalidTokenError('The specified alg value is not allowed');
  }
}

/** `typ` (RFC 9068 section 2.1 for `at+jwt`) and `cty`, which would announce a token within the token. */
function checkTokenForm(header: TokenHeader, acceptForeignTokens: boolean): void {
  const typ = mediaType(header.typ);
  if (typ !== undefined && typ !== 'jwt' && !(acceptForeignTokens && typ === 'at+jwt')) {
    throw new InvalidTokenError('Invalid header: typ');
  }
  if (mediaType(header.cty) === 'jwt') throw new InvalidTokenError('Invalid header: cty');
}

/** RFC 7515 section 4.1.9: compared without case, and `application/` may be left out. */
function mediaType(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : '';
}

/** No extension is supported, so any `crit` refuses; a plain name is told, as PyJWT does. */
function criticalReason(crit: unknown): string {
  const name: unknown = Array.isArray(crit) ? crit[0] : undefined;
  return typeof name === 'string' && PLAIN_NAME.test(name)
    ? `Unsupported critical extension: ${name}`
    : 'Invalid header: crit';
}

/** Longer headers than this belong to nobody we know. */
const LONGEST_HEADER = 2048;

/** A token taken apart; nothing of it is believed yet. */
export interface ParsedToken {
  readonly encoded: string;
  readonly header: TokenHeader;
  /** The JSON text that the claims were read from. */
  readonly payload: string;
  readonly claims: Claims;
}

/**
 * Takes a compact JWS apart (RFC 7515 section 7.1): length, three canonical segments, two JSON objects.
 * The payload is parsed here and nowhere else, so that every check sees the same claims.
 */
export function parseToken(encoded: unknown, maxLength: number): ParsedToken {
  if (typeof encoded !== 'string') {
    throw new InvalidTokenError("Invalid token type. Token must be a <class 'bytes'>");
  }
  if (encoded.length > maxLength) throw new InvalidTokenError('Token is too long');

  const [header, payload, signature, extra] = encoded.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined) {
    throw new InvalidTokenError('Not enough segments');
  }
  if (header.length > LONGEST_HEADER) throw new InvalidTokenError('Token is too long');

  const headerObject = parseHeader(header);
  if (extra !== undefined) throw new InvalidTokenError('Invalid payload padding');
  const payloadBytes = decodeSegment(payload, 'payload');
  decodeSegment(signature, 'crypto');
  const payloadText = textOf(payloadBytes);
  const claims = parseObject(payloadText, 'payload');
  return { encoded, header: headerObject, payload: payloadText, claims };
}

/** Tokens of one key begin alike, so that a few headers are all that is ever seen of honest clients. */
const headers = new Map<string, TokenHeader>();
const MOST_HEADERS = 64;

/** A header's object, the same for the same text, and therefore frozen. */
function parseHeader(segment: string): TokenHeader {
  const known = headers.get(segment);
  if (known) return known;
  const header = deepFreeze(parseObject(textOf(decodeSegment(segment, 'header')), 'header'));
  if (headers.size >= MOST_HEADERS) headers.clear();
  headers.set(segment, header as TokenHeader);
  return header as TokenHeader;
}

/** Only the canonical spelling passes, so that one signature has one text (RFC 4648 section 3.5). */
function decodeSegment(segment: string, part: 'header' | 'payload' | 'crypto'): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) {
    throw new InvalidTokenError(`Invalid ${part} padding`);
  }
  return bytes;
}

/** What is no UTF-8 is no JSON either (RFC 8259 section 8.1): it becomes text that no parser takes. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : '';
}

/** The parser's own error is not handed on: it quotes the input. */
function parseObject(text: string, part: 'header' | 'payload'): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === undefined) throw new InvalidTokenError(`Invalid ${part} string: not valid JSON`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidTokenError(`Invalid ${part} string: must be a json object`);
  }
  return value as Record<string, unknown>;
}
