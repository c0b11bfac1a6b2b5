/** Text that means something to a language or a protocol somewhere, and must mean nothing to a store. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...["'", '"', '`', "''", `'; DROP TABLE blocklist; --`, '$1', ':name', '?1', '${x}', '{{x}}'],
  ...['*', '?', '[a]', '{a}', '%', '_', '^', '(', '|', '\\', '\\\\', '\\0', '\\x00', '\\n'],
  ...['\r\n', '\n', '\r', '\t', ' ', '  ', '\r\nFLUSHALL\r\n', '\u00a0', '\u200b', '\ufeff'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', '0'],
  ...['..', '.', '/', '../../etc/passwd', '//', ':', '::', '-', '--', '#', '&', '=', ',', ';'],
  ...['é', 'É', 'ß', '漢字', '😀', '👩‍👩‍👧‍👦', 'مرحبا', '\u202e', '%00', '%2F', '&amp;', '<b>'],
];

/** Names that every object answers to, and paths: hostile when they are the whole key. */
export const HOSTILE_WHOLES: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'],
  ...['..', '.', '/', ' ', '\n', '0', '-1', 'null', 'undefined', 'true', '*', '%', '?'],
];

/** Endings that a careless comparison takes for the same. */
export const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['jti', 'JTI'],
  ['i', 'İ'],
  ['ß', 'ss'],
  ['é', 'e'],
  ['é', 'É'],
  ['\u00e9', 'e\u0301'],
  ['ａ', 'a'],
  ['😀', '😁'],
  ['a', 'a '],
  ['a', 'a\n'],
  ['a', 'a\t'],
  ['a', 'a\u00a0'],
  ['a', 'a\u200b'],
  ['a', 'aa'],
  ['a', '*'],
  ['a', '?'],
  ['a', '%'],
  ['a', '_'],
  ['a', '[a]'],
  ['a', '\\a'],
  ['a/b', 'a//b'],
  ['a', 'b/../a'],
  ['a', './a'],
  ['a:b', 'a'],
  ['a b', 'a+b'],
  ['a b', 'a%20b'],
  ['1', '01'],
  ['1', '1.0'],
  ['100', '1e2'],
  ['\r\n', '\n'],
  ["'", "''"],
  ['"', "'"],
];

/** 8 KB in UTF-8, the longest value there is, in characters of one and of three bytes. */
export const LONG_VALUES: readonly string[] = ['x'.repeat(8_192), '漢'.repeat(2_730)];
