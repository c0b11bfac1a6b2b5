export { blocklistStoreContract, type ContractCase } from './blocklist-store-contract.js';
export { type OpenedStore, type StoreFeatures } from './contract/store-under-test.js';
export { expectRefusal, type TestResponse } from './expect-refusal.js';
export {
  JwtExtendedTestingModule,
  type JwtExtendedTestingOptions,
} from './jwt-extended-testing.module.js';
export { TestClock } from './test-clock.js';
export {
  asIdentity,
  issueTestToken,
  type TestApp,
  type TestClaims,
  type TestCredentials,
} from './test-tokens.js';
