import { inspect } from 'node:util';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';
import { JwtExtendedModule, MODULE_OPTIONS_TOKEN } from '../../../src/jwt-extended.module.js';
import { ModuleSettings } from '../../../src/module/module-settings.js';
import { SECRET } from '../../support/forge.js';
import { ecPair } from '../../support/keys.js';

describe('ModuleSettings', () => {
  it('shows no key if it is printed', async () => {
    const settings = await ModuleSettings.from({ secret: SECRET });
    const printed = [
      inspect(settings, { depth: Infinity, showHidden: true }),
      JSON.stringify(settings),
    ];
    for (const text of printed) expect(text).not.toContain(SECRET);
  });

  it('is frozen and ignores later changes of the options', async () => {
    const given = { secret: SECRET, errorMessageKey: 'error' };
    const settings = await ModuleSettings.from(given);
    given.errorMessageKey = 'changed';
    expect(settings.options.responses.errorMessageKey).toBe('error');
    expect(Object.isFrozen(settings.options)).toBe(true);
  });

  it('refuses options with a mistake', async () => {
    await expect(ModuleSettings.from({ secret: '' })).rejects.toThrow(JwtExtendedConfigError);
  });

  it('refuses a ring of which decodeKey cannot fit every algorithm', async () => {
    const current = { kid: 'a', algorithm: 'ES256', privateKey: ecPair().privateKey } as const;
    const other = { kid: 'b', algorithm: 'HS256', secret: SECRET } as const;
    const loaders = { decodeKey: () => SECRET };

    await expect(
      ModuleSettings.from({ keys: { current, others: [other] }, loaders }),
    ).rejects.toThrow('loaders.decodeKey is given beside keys for ES256 and HS256');
    await expect(ModuleSettings.from({ keys: { current }, loaders })).resolves.toBeDefined();
  });

  it('refuses decodeAlgorithms beside keys if jwksUri is undefined', async () => {
    const current = { kid: 'a', algorithm: 'ES256', privateKey: ecPair().privateKey } as const;

    await expect(
      ModuleSettings.from({ keys: { current, jwksUri: undefined }, decodeAlgorithms: ['RS256'] }),
    ).rejects.toThrow('decodeAlgorithms beside keys is for jwksUri alone');
  });

  it('is in the container instead of the options', async () => {
    const testing = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    }).compile();
    expect(() => testing.get<unknown>(MODULE_OPTIONS_TOKEN, { strict: false })).toThrow(
      /could not find/,
    );
    expect(testing.get(ModuleSettings, { strict: false })).toBeInstanceOf(ModuleSettings);
    await testing.close();
  });
});
