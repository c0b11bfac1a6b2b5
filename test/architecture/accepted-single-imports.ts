/**
 * Files of `src` that one other file alone imports and that stay files of their own: each answers a question of its
 * own, or the two together would be too long to read.
 */
export const acceptedSingleImports: readonly string[] = [
  'cli/keygen.ts',
  'endpoints/login.controller.ts',
  'http/extract-token.ts',
  'keys/secret-strength.ts',
  'module/cookie-paths.ts',
  'module/endpoint-paths.ts',
  'module/endpoints.ts',
  'module/startup-report.ts',
  'options/names-elsewhere.ts',
  'passport/passport.strategies.ts',
  'revocation/store-circuit.ts',
  'route/route-scan.ts',
  'schematics/example.ts',
  'schematics/project.ts',
  'stores/expiring-map.ts',
  'stores/postgres.dialect.ts',
  'stores/redis-protocol.ts',
  'stores/sqlite.dialect.ts',
  'testing/contract/entries.ts',
  'testing/contract/expiry.ts',
  'testing/contract/outages.ts',
  'testing/contract/replacements.ts',
  'testing/contract/sessions.ts',
  'tokens/verification-cache.ts',
];
