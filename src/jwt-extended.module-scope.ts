import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JwtExtendedConfigError } from './errors/config.error.js';
import { ModuleSettings } from './jwt-extended.module-settings.js';

/**
 * Options that depend on a request would be settled anew for each, and with them the blocklist that remembers what was
 * revoked. Nest itself finds it where the filter or a guard is registered for the application, and not everywhere.
 */
@Injectable()
export class ModuleScope implements OnModuleInit {
  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  /** @throws JwtExtendedConfigError */
  onModuleInit(): void {
    if (this.#settings() instanceof ModuleSettings) return;
    throw new JwtExtendedConfigError(
      'forRootAsync injects something request-scoped, and options are settled once, at start: inject what is not, ' +
        'and let loaders find out about a request by what they are given last, { request }',
    );
  }

  /** Nest throws where there is none to be had outside of a request; older versions give nothing. */
  #settings(): unknown {
    try {
      return this.modules.get(ModuleSettings);
    } catch {
      return undefined;
    }
  }
}
