import { isUtf8 } from 'node:buffer';
import type { Claims, TokenHeader } from '../contracts/token.js';
import { deepFreeze } from '../common/deep-freeze.js';
import { InvalidTokenError } from '../errors/token-errors.js';

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

  const [header, payload, signature, surplus] = encoded.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined) {
    throw new InvalidTokenError('Not enough segments');
  }
  if (header.length > LONGEST_HEADER) throw new InvalidTokenError('Token is too long');

  const headerObject = parseHeader(header);
  if (surplus !== undefined) throw new InvalidTokenError('Invalid payload padding');
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
