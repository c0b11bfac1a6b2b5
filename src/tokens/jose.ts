import type * as Jose from 'jose';

let loading: Promise<typeof Jose> | undefined;

/**
 * The library for what `jsonwebtoken` does not have: EdDSA, and other issuers' key sets. It is loaded by those who use
 * that, when their application starts: it is an ES module, which some CommonJS test runners cannot load.
 */
export function loadJose(): Promise<typeof Jose> {
  return (loading ??= import('jose'));
}
