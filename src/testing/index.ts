export { asIdentity, type TestCredentials } from './as-identity.js';
export { blocklistStoreContract, type ContractCase } from './blocklist-store-contract.js';
export { type OpenedStore } from './opened-store.js';
export { type StoreFeatures } from './store-features.js';
export { expectRefusal, type TestResponse } from './expect-refusal.js';
export { issueTestToken, type TestClaims } from './issue-test-token.js';
export {
  JwtExtendedTestingModule,
  type JwtExtendedTestingOptions,
} from './jwt-extended-testing.module.js';
export { type TestApp } from './test-app.js';
export { TestClock } from './test-clock.js';
