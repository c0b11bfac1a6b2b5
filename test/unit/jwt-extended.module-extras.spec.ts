import { describe, expect, it } from '@jest/globals';
import { JwtExtendedModule } from '../../src/jwt-extended.module.js';
import { EXTRAS_DEFAULTS } from '../../src/module/module-extras.js';
import { STATIC_EXTRAS } from '../../src/common/read-options.js';
import { SECRET } from '../support/forge.js';

describe('the extras', () => {
  it.each(Object.keys(EXTRAS_DEFAULTS))('%s is known to the options, which point to it', (name) => {
    expect(STATIC_EXTRAS).toContain(name);
  });

  it('make the module global unless they say otherwise', () => {
    expect(JwtExtendedModule.forRoot({ secret: SECRET }).global).toBe(true);
    expect(JwtExtendedModule.forRoot({ secret: SECRET, isGlobal: false }).global).toBe(false);
    expect(JwtExtendedModule.forRootAsync({ useFactory: () => ({ secret: SECRET }) }).global).toBe(
      true,
    );
  });
});
