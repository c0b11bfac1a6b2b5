import { ForbiddenException, HttpException, UnauthorizedException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  CsrfError,
  InsufficientClaimsError,
  InvalidTokenError,
  MissingTokenError,
  type Token,
  TokenCheckUnavailableError,
  TokenVerificationError,
  WrongTokenTypeError,
} from '../../../src/index.js';
import { isRefusal, mostSpecific } from '../../../src/route/any-of.guard.js';

const token = { identity: 'alice', type: 'access' } as Token;

describe('A refusal', () => {
  it.each([
    new MissingTokenError('none'),
    new InvalidTokenError('odd'),
    new WrongTokenTypeError('access'),
    new CsrfError('wrong'),
    new TokenVerificationError(token),
    new InsufficientClaimsError(token, 'Missing required claim(s)'),
    new UnauthorizedException(),
    new ForbiddenException(),
    new HttpException('no', 401),
  ])('is %p', (error) => {
    expect(isRefusal(error)).toBe(true);
  });

  it.each([
    new TokenCheckUnavailableError(),
    ...[400, 404, 422, 429, 500, 503].map((status) => new HttpException('no', status)),
    new Error('no'),
    ...[{ status: 401 }, 'Unauthorized', undefined, null, false],
  ])('is not %p', (error) => {
    expect(isRefusal(error)).toBe(false);
  });
});

describe('Of several refusals', () => {
  const missing = new MissingTokenError('none');
  const wrongType = new WrongTokenTypeError('refresh');
  const invalid = new InvalidTokenError('odd');
  const rejected = new TokenVerificationError(token);
  const unauthorized = new UnauthorizedException('Unknown API key');
  const forbidden = new ForbiddenException('Not from there');

  it.each<[string, readonly HttpException[], HttpException | undefined]>([
    ['none is undefined', [], undefined],
    ['a single one is reported', [forbidden], forbidden],
    ['the first of other kinds is reported', [unauthorized, forbidden], unauthorized],
    ['the first about a token is reported', [rejected, invalid], rejected],
    ['a missing token is reported before other kinds', [unauthorized, missing, forbidden], missing],
    [
      'a token of the wrong type is reported before that',
      [missing, wrongType, forbidden],
      wrongType,
    ],
    ['an invalid token is reported first', [wrongType, missing, invalid, forbidden], invalid],
  ])('%s', (_title, refusals, expected) => {
    expect(mostSpecific(refusals)).toBe(expected);
    expect(mostSpecific([...refusals, ...refusals])).toBe(expected);
  });
});
