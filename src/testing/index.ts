export { asIdentity, type TestCredentials } from './test-tokens.js';
export { blocklistStoreContract, type ContractCase } from './blocklist-store-contract.js';
export { type OpenedStore } from './contract/store-under-test.js';
export { type StoreFeatures } from './contract/store-under-test.js';
export { expectRefusal, type TestResponse } from './expect-refusal.js';
export { issueTestToken, type TestClaims } from './test-tokens.js';
export {
  JwtExtendedTestingModule,
  type JwtExtendedTestingOptions,
} from './jwt-extended-testing.module.js';
export { type TestApp } from './test-tokens.js';
export { TestClock } from './test-clock.js';
