import type { SecurityEventEmitter } from '../contracts/security-events.js';
import type {
  ResolvedBlocklistOptions,
  ResolvedRotationOptions,
  ResolvedSessionOptions,
} from './blocklist-options.js';
import type { JwtExtendedLoaders } from './callbacks.js';
import type { ResolvedIssuer } from './issuer-options.js';
import type { ResolvedLocationOptions } from './location-options.js';
import type { ResolvedLoginOptions } from './login-options.js';
import type { ResolvedResponseOptions } from './response-options.js';
import type { ResolvedTokenOptions } from './token-options.js';

/** The options after they were checked: with all defaults, durations as numbers, and frozen. */
export interface ResolvedOptions extends ResolvedLocationOptions {
  readonly token: ResolvedTokenOptions;
  readonly issuers: readonly ResolvedIssuer[];
  readonly responses: ResolvedResponseOptions;
  readonly blocklist: ResolvedBlocklistOptions;
  readonly rotation: ResolvedRotationOptions;
  readonly sessions: ResolvedSessionOptions;
  readonly events: SecurityEventEmitter | undefined;
  readonly login: ResolvedLoginOptions | undefined;
  readonly loaders: Readonly<JwtExtendedLoaders>;
  readonly loaderTimeoutMs: number;
  readonly clock: () => Date;
  readonly report: boolean;
}
