import { describe, expect, it } from '@jest/globals';
import { APPS, logOf } from '../../consumers/template/src/broken-apps.js';

describe('An application', () => {
  it.each(APPS)('with $title logs what is wrong, and nothing else', async ({ module, says }) => {
    const log = await logOf(module());
    if (says === undefined) expect(log).toBe('');
    else expect(log).toContain(says);
  });
});
