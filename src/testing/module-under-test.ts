import { Inject } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ModuleSettings } from '../module/module-settings.js';
import { TokenKeys } from '../tokens/token-keys.js';
import type { TestApp } from './test-app.js';

/** As much of a `JwtExtendedModule` as a test token needs. */
export class ModuleUnderTest {
  constructor(
    @Inject(ModuleSettings) readonly settings: ModuleSettings,
    @Inject(TokenKeys) readonly keys: TokenKeys,
  ) {}
}

/**
 * The application's only `JwtExtendedModule`, or, of several, the one whose guards the selected module has. Nest alone
 * knows that one, by imports that may lead through other modules, so that Nest is made to build something there.
 *
 * @throws TypeError - when there are several, and the selected module has none of them
 */
export async function moduleUnderTest(app: TestApp): Promise<ModuleUnderTest> {
  const modules = app.get<ModuleRef>(ModuleRef, { strict: true });
  const everywhere = { strict: false, each: true } as const;
  const [settings, ...others] = modules.get(ModuleSettings, everywhere);
  if (settings && others.length === 0) {
    return new ModuleUnderTest(settings, modules.get(TokenKeys, { strict: false }));
  }
  try {
    return await modules.create(ModuleUnderTest);
  } catch (cause) {
    throw new TypeError(
      `The application has ${others.length + 1} JwtExtendedModules: give app.select(…) of the module that imports the ` +
        'one which is meant, in place of app',
      { cause },
    );
  }
}
