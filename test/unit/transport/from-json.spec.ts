import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { fromJson } from '../../../src/http/token-locations.js';
import { policy } from '../../support/transport.js';

const NO_JSON = { missing: 'Invalid content-type. Must be application/json.' };
const NO_KEY = { missing: 'Missing "access_token" key in json data.' };

function read(type: string | string[] | undefined, body: unknown): unknown {
  return fromJson({ headers: { 'content-type': type }, body }, policy(), resolveOptions({}));
}

describe('fromJson', () => {
  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json ; charset=utf-8; x="y"',
    'application/problem+json',
    'application/vnd.api+json; version=1',
    'application/vnd.a-b_c.v1+x+json',
  ])('reads a parsed body of type %s', (type) => {
    expect(read(type, { access_token: 'x' })).toEqual({ encoded: 'x', location: 'json' });
  });

  it.each([
    undefined,
    '',
    'json',
    'text/json',
    'text/plain',
    'application/jsonp',
    'application/json5',
    'application/x-json',
    'application/+json',
    'application/json, text/plain',
    'text/plain; application/json',
    ' text/application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
  ])('reads no body of type %j (R49)', (type) => {
    expect(read(type, { access_token: 'x' })).toEqual(NO_JSON);
  });

  // An expression that tries again from each character would take minutes over these.
  it.each([
    ['suffixes', `application/${'a+'.repeat(500_000)}`],
    ['blanks', `application/json${' '.repeat(1_000_000)}x`],
  ])('takes linear time for a type of 1 MB of %s (R72)', (_, type) => {
    expect(read(type, { access_token: 'x' })).toEqual(NO_JSON);
  });

  it.each([
    [undefined],
    [null],
    ['{"access_token":"x"}'],
    [Buffer.from('{"access_token":"x"}')],
    [5],
    [['access_token']],
    [Object.assign(['x'], { access_token: 'x' })],
    [Object.create({ access_token: 'x' }) as object],
    [{ access_token: '' }],
  ])('finds nothing where the body is no object with that key of its own: %j (R49)', (body) => {
    expect(read('application/json', body)).toEqual(NO_KEY);
  });
});
