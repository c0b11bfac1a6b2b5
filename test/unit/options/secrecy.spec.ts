import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { OPTION_DEFAULTS } from '../../../src/options/resolve-options.js';
import { BLOCKLIST_DEFAULTS } from '../../../src/options/blocklist-options.js';
import { CSRF_DEFAULTS } from '../../../src/options/csrf-options.js';
import { COOKIE_DEFAULTS } from '../../../src/options/cookie-options.js';
import { resolve, withOption } from './mistake-of.js';

/** As long as the shortest secret that HS256 takes. */
const CANARY = 'canary;canary canary;canary{32}!';

const PATHS = [
  ...Object.keys(OPTION_DEFAULTS),
  ...Object.keys(COOKIE_DEFAULTS).map((name) => `cookies.${name}`),
  ...Object.keys(CSRF_DEFAULTS).map((name) => `csrf.${name}`),
  ...Object.keys(BLOCKLIST_DEFAULTS).map((name) => `blocklist.${name}`),
  'loaders.userLookup',
  'responses.unauthorized',
  'secrets',
];

/** Everything a user could read of the resolution of these options. */
function wordsAbout(options: unknown): string {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  warn.mockClear();
  try {
    resolve(options);
    return JSON.stringify(warn.mock.calls);
  } catch (error) {
    return String((error as Error).stack);
  }
}

describe('a secret that was put in the wrong place (R70)', () => {
  it.each(PATHS)('is not repeated at %s', (path) => {
    for (const value of [
      CANARY,
      [CANARY],
      { [CANARY]: CANARY },
      Buffer.from(CANARY),
      `${CANARY}\n`,
    ]) {
      expect(wordsAbout(withOption(path, value))).not.toContain('canary');
    }
  });

  it('is not repeated when it stands in for all the options', () => {
    expect(wordsAbout(CANARY)).not.toContain('canary');
    expect(wordsAbout({ ...OPTION_DEFAULTS, secret: CANARY, leeway: 'x' })).not.toContain('canary');
  });
});
